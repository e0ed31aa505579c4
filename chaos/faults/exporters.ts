import type { Fault as Hurt } from '../support/trio';
import type { ExportOutcome, Fault, TakeoverOutcome } from './fault';

/** An exporter as it is run, or with what is wrong with it from its start. */
export type Kind = 'usual' | 'an hour ahead' | 'an hour behind' | 'of another version';

/** What befalls the one that exports, or which exporters there are. */
export type ExporterInjection =
  | { readonly kind: 'fault'; readonly fault: Hurt }
  | { readonly kind: 'exporters'; readonly exporters: readonly Kind[] };

type Takeover<Injection> = Fault<Injection> & { readonly expected: { readonly takeover: TakeoverOutcome } };
type Export<Injection> = Fault<Injection> & { readonly expected: { readonly export: ExportOutcome } };
type Of<K extends ExporterInjection['kind']> = Extract<ExporterInjection, { kind: K }>;

const byAnother: TakeoverOutcome = { stored: 'while it lasts', by: 'another one' };
const byOneOfThem: TakeoverOutcome = { stored: 'while it lasts', by: 'one of them' };

const fault = (id: string, text: string, hurt: Hurt, takeover = byAnother): Takeover<Of<'fault'>> => ({
  id,
  fault: text,
  inject: { kind: 'fault', fault: hurt },
  expected: { takeover },
});

/** In the order in which the tests bring them about. */
export const hurts: readonly Takeover<Of<'fault'>>[] = [
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
    { stored: 'when it is over at the latest', by: 'one of them' },
  ),
];

/** Each in turn while the others are paused: whatever is wrong with one, it can take over, and be followed. */
const byEach: TakeoverOutcome = { stored: 'while it lasts', by: 'each of them' };

const exporters = (id: string, text: string, kinds: readonly Kind[]): Takeover<Of<'exporters'>> => ({
  id,
  fault: text,
  inject: { kind: 'exporters', exporters: kinds },
  expected: { takeover: byEach },
});

/** Several on one store: each of them leads in turn, and then each of the faults above is among them. */
export const together: readonly Takeover<Of<'exporters'>>[] = [
  exporters('exporters-two', 'Two export, with changes that are taken back (A, B, A) meanwhile.', ['usual', 'usual']),
  exporters(
    'exporters-clocks',
    'Three export; the clock of one is an hour ahead, and that of another one an hour behind.',
    ['usual', 'an hour ahead', 'an hour behind'],
  ),
  exporters(
    'exporters-versions',
    'Two export, one of them another version of this program, with another format of the lease.',
    ['usual', 'of another version'],
  ),
];

const wrongClock = (id: string, text: string, kind: Kind): Export<Of<'exporters'>> => ({
  id,
  fault: text,
  inject: { kind: 'exporters', exporters: [kind] },
  expected: {
    export: {
      exitCode: 0,
      metrics: { kong_resilience_export_failures_total: 0, kong_resilience_pending: 0 },
      stored: 'the newest',
    },
  },
});

export const alone: readonly Export<Of<'exporters'>>[] = [
  wrongClock('exporter-clock-ahead', 'One exports alone, with a clock that is an hour ahead.', 'an hour ahead'),
  wrongClock('exporter-clock-behind', 'One exports alone, with a clock that is an hour behind.', 'an hour behind'),
];
