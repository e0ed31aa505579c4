/** The store on Google Cloud Storage, and the principals of Google Cloud: `cdktf-kong-resilience/google`. */
export * from '..';
