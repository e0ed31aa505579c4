import { Token } from 'cdktf';
import { expect, it } from 'vitest';
import { imageProblems } from '../../../constructs/topology/image';

const digest = `sha256:${'0a'.repeat(32)}`;

it.each([
  'kong-resilience:0.1.0',
  'registry.acme.com:5000/edge/kong-resilience:0.1.0-alpine',
  `kong-resilience@${digest}`,
  `europe-docker.pkg.dev/acme/kong/kong-resilience:0.1.0@${digest}`,
  Token.asString({ resolve: () => 'known to Terraform' }),
])('an image is pinned: %s', (image) => {
  expect(imageProblems('image', image)).toEqual([]);
});

it.each([
  '',
  'kong-resilience',
  'kong-resilience:latest',
  'registry.acme.com:5000/edge/kong-resilience',
  'kong-resilience@sha256:0a',
  `kong-resilience:latest@sha256:${'0A'.repeat(32)}`,
  'kong-resilience: 0.1.0',
  'https://registry.acme.com/kong-resilience:0.1.0',
])('an image is not: "%s"', (image) => {
  expect(imageProblems('image', image)).toEqual([
    {
      code: 'KR_TF_IMAGE',
      text: `image is "${image}": it must end with a full tag (":0.1.0") or a digest ("@sha256:…"), so that what runs is what was tested; "latest" is none.`,
    },
  ]);
});
