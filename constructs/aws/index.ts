/** The store on Amazon S3, and the principals of AWS: `cdktf-kong-resilience/aws`. */
export * from '..';
