import { conditional, Fn, Op, Token } from 'cdktf';
import { isKnown } from '../../problems';
import type { PolicyStatement } from '../policy';
import type { Surroundings } from './surroundings';

/** A private registry of ECR: account, region and repository. */
const registry = '^([0-9]{12})[.]dkr[.-]ecr(-fips)?[.]([a-z0-9-]+)[.][^/]+/([^:@]+).*$';

/** Lets somebody pull an image from a private registry of ECR; nothing for an image from elsewhere. */
export function imageRights(image: string, { partition }: Surroundings): PolicyStatement[] {
  const repository = repositoryIn(image);
  if (repository === undefined) return [];
  return [
    {
      Sid: 'KongImage',
      Effect: 'Allow',
      Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      Resource: [`arn:${partition}:ecr:${repository}`],
    },
    // A token for the registry; ECR knows no resource for it, and alone it opens nothing.
    { Sid: 'KongRegistry', Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: ['*'] },
  ];
}

/** `<region>:<account>:repository/<name>`; of a token, what Terraform makes of it, which names nothing for another registry. */
function repositoryIn(image: string): string | undefined {
  if (!isKnown(image)) {
    const parts = Fn.replace(image, `/${registry}/`, '$3:$1:repository/$4');
    // CDKTF drops a 0 on the right.
    const found = Op.gte(Fn.lengthOf(Fn.regexall(registry, image)), 1);
    return Token.asString(conditional(found, parts, '*:000000000000:repository/none'));
  }
  const [, account, , region, name] = new RegExp(registry).exec(image) ?? [];
  return name === undefined ? undefined : `${region}:${account}:repository/${name}`;
}
