/** The store on MinIO or any other S3-compatible store, and its principals: `cdktf-kong-resilience/minio`. */
export * from '..';
