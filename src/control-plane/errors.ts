import { causeOf, defineError } from '../errors';

export const cannotListen = defineError(
  'KR_CONTROL_PLANE_LISTEN',
  'The control plane could not listen at its address, or not with its certificate.',
  (address: string, cause: unknown) => ({
    reason: `The control plane cannot listen at ${address}: ${causeOf(cause)}.`,
    fix: 'Check that nothing else listens there, and that certificate and key belong together.',
    cause,
  }),
);
