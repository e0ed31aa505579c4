import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { Fn, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import { isKnown, type Problem } from '../problems';
import { issuerUrl, oidcProviderArn } from './problems';

interface Source {
  readonly text: string;
  readonly problems: readonly Problem[];
  /** Declares in `scope` what it takes to know the rest. */
  readonly resolve: (scope: Construct, provider: TerraformProvider | undefined) => ResolvedOidcProvider;
}

/** What a trust policy needs of a provider. */
export interface ResolvedOidcProvider {
  readonly arn: string;
  /** The issuer without `https://`, as condition keys start. */
  readonly issuer: string;
}

/** For the roles alone. */
export let oidcSourceOf: (provider: OidcProvider) => Source;

/** The OIDC provider of IAM that trusts an EKS cluster. It must exist: one per cluster and account. */
export class OidcProvider {
  readonly #source: Source;

  static {
    oidcSourceOf = (provider) => provider.#source;
  }

  private constructor(source: Source) {
    this.#source = source;
  }

  /** @param arn ARN of the provider, `arn:<partition>:iam::<account>:oidc-provider/<issuer>` */
  static fromArn(arn: string): OidcProvider {
    const valid = !isKnown(arn) || /^arn:[a-z0-9-]+:iam::\d{12}:oidc-provider\/[A-Za-z0-9._/-]+$/.test(arn);
    return new OidcProvider({
      text: arn,
      problems: valid ? [] : [oidcProviderArn(arn)],
      resolve: () => ({
        arn,
        issuer: isKnown(arn)
          ? arn.slice(arn.indexOf('/') + 1)
          : (Fn.element(Fn.split(':oidc-provider/', arn), 1) as string),
      }),
    });
  }

  /** @param url issuer of the cluster, as `aws_eks_cluster` has it in `identity[0].oidc[0].issuer`; of the stack's account */
  static fromIssuerUrl(url: string): OidcProvider {
    const valid = !isKnown(url) || /^https:\/\/[A-Za-z0-9.-]+\/?[A-Za-z0-9._/-]*$/.test(url);
    return new OidcProvider({
      text: url,
      problems: valid ? [] : [issuerUrl(url)],
      resolve: (scope, provider) => {
        const issuer = isKnown(url) ? url.slice('https://'.length).replace(/\/$/, '') : Fn.replace(url, 'https://', '');
        const { partition } = new DataAwsPartition(scope, 'Partition', { provider });
        const { accountId } = new DataAwsCallerIdentity(scope, 'Account', { provider });
        return { arn: `arn:${partition}:iam::${accountId}:oidc-provider/${issuer}`, issuer };
      },
    });
  }
}
