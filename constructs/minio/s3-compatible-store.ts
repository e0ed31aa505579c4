import type { Construct } from 'constructs';
import { inform, throwProblems } from '../problems';
import type { IPrincipal } from '../topology';
import { type Address, type AddressProps, readAddress } from './address';
import { EndpointStore } from './endpoint-store';
import type { RetentionProps, S3LifecycleRule } from './lifecycle';
import { existingBucket, noKeys } from './problems';

export interface S3CompatibleStoreProps extends AddressProps, RetentionProps {
  /** Name of the bucket. */
  readonly bucketName: string;
}

/**
 * A bucket of any S3-compatible store, by its endpoint. Nothing is declared for it: its principals are `ExistingKeys`, and
 * what its administrator must set comes out as values.
 *
 * @throws DeclarationError with everything that is wrong with its props
 */
export class S3CompatibleStore extends EndpointStore {
  protected readonly address: Address;

  constructor(scope: Construct, id: string, props: S3CompatibleStoreProps) {
    super(scope, id, props, props.bucketName);
    this.address = readAddress(props.bucketName, props);
    inform(this, existingBucket(props.bucketName));
  }

  /** The lifecycle rules of the versions that the store was told so far, as the S3 API takes them. Grows with each version. */
  get lifecycleRules(): readonly S3LifecycleRule[] {
    return this.rules;
  }

  protected grant(principal: IPrincipal): void {
    throwProblems(this, [noKeys(principal.node.path)]);
  }
}
