import type { Fault as Hurt } from '../support/trio';
import type { Fault, TakeoverOutcome } from './fault';

/** An exporter as it is run, or with what is wrong with it from its start. */
export type Kind = 'usual' | 'an hour ahead' | 'an hour behind' | 'of another version';

/** What befalls the one that exports, or which exporters there are. */
export type ExporterInjection =
  | { readonly kind: 'fault'; readonly fault: Hurt }
  | { readonly kind: 'exporters'; readonly exporters: readonly Kind[] };

type Row<Injection> = Fault<Injection> & { readonly expected: { readonly takeover: TakeoverOutcome } };
type Of<K extends ExporterInjection['kind']> = Extract<ExporterInjection, { kind: K }>;

const byAnother: TakeoverOutcome = { stored: 'while it lasts', by: 'another one' };
const byOneOfThem: TakeoverOutcome = { stored: 'while it lasts', by: 'one of them' };

const fault = (id: string, text: string, hurt: Hurt, takeover = byAnother): Row<Of<'fault'>> => ({
  id,
  fault: text,
  inject: { kind: 'fault', fault: hurt },
  expected: { takeover },
});

/** In the order in which the tests bring them about. */
export const hurts: readonly Row<Of<'fault'>>[] = [
  fault('exporter-paused', 'The one that exports is paused (SIGSTOP) past its lease, and goes on later.', 'paused'),
  fault('exporter-store-cut', 'Its connections to the store break, and no new one is made.', 'store cut'),
  fault(
    'exporter-control-plane-cut',
    'Its connections to the control plane break, and no new one is made.',
    'control plane cut',
    byOneOfThem,
  ),
  fault('exporter-killed', 'It is killed (SIGKILL), and started again later.', 'killed'),
  fault('exporter-store-silent', 'The store does not answer it any more, with connections open.', 'store silent'),
  fault(
    'exporter-control-plane-silent',
    'The control plane sends it nothing any more, with connections open.',
    'control plane silent',
    { stored: 'when it is over', by: 'one of them' },
  ),
];

const exporters = (
  id: string,
  text: string,
  by: TakeoverOutcome['by'],
  kinds: readonly Kind[],
): Row<Of<'exporters'>> => ({
  id,
  fault: text,
  inject: { kind: 'exporters', exporters: kinds },
  expected: { takeover: { stored: 'while it lasts', by } },
});

/** Several on one store, each of the faults above among them. */
export const together: readonly Row<Of<'exporters'>>[] = [
  exporters('exporters-two', 'Two export, with changes that are taken back (A, B, A) meanwhile.', 'one of them', [
    'usual',
    'usual',
  ]),
  exporters(
    'exporters-clocks',
    'Three export; the clock of one is an hour ahead, and that of another one an hour behind.',
    'one of them',
    ['usual', 'an hour ahead', 'an hour behind'],
  ),
  exporters(
    'exporters-versions',
    'Two export, one of them another version of this program, with another format of the lease.',
    'one of them',
    ['usual', 'of another version'],
  ),
];

export const alone: readonly Row<Of<'exporters'>>[] = [
  exporters('exporter-clock-ahead', 'One exports alone, with a clock that is an hour ahead.', 'itself', [
    'an hour ahead',
  ]),
  exporters('exporter-clock-behind', 'One exports alone, with a clock that is an hour behind.', 'itself', [
    'an hour behind',
  ]),
];
