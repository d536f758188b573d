import type { Clock } from '../base/clock.ts';
import type { ClusterSettings } from '../settings/types.ts';
import { authenticated } from './auth.ts';
import { withDeadline } from './deadline.ts';
import { failover } from './failover.ts';
import { type Guard, withGuard } from './guard.ts';
import { httpTransport } from './http.ts';
import { withLimits } from './limiter.ts';
import { type ObservedCall, withObserver } from './observe.ts';
import { type RetrySettings, withRetry } from './retry.ts';
import type { Sender } from './sender.ts';
import { withSkewMeter } from './skew.ts';
import type { Transport } from './transport.ts';

export interface ClusterPorts {
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly retry: RetrySettings;
  /** Default: real connections, with got loaded by the first call. */
  readonly sender?: Sender | undefined;
  readonly before?: Guard | undefined;
  /** Ends every call, those of shared readings too. */
  readonly signal?: AbortSignal | undefined;
  /** Told of every call but shared readings. */
  readonly observe?: ((observed: ObservedCall) => void) | undefined;
}

export interface Stack {
  readonly transport: Transport;
  setShare(liveTicks: number): void;
  skewMs(): number | undefined;
}

/** The wrappers around a cluster's API, from the inside out. */
export function createStack(settings: ClusterSettings, ports: ClusterPorts): Stack {
  const sender = lazySender(settings, ports.sender);
  const entries = settings.endpoints.map((endpoint) => httpTransport(endpoint, sender));
  const timed = withDeadline(failover(entries), ports.clock);
  const guarded = ports.before === undefined ? timed : withGuard(timed, ports.before);
  const loggedIn = authenticated(guarded, settings.auth, settings.name, ports.clock);
  const limited = withLimits(loggedIn, settings.limits.requestsPerNode);
  // Loading got is no part of any call's time.
  const ready: Transport = { call: async (call) => sender().then(() => limited.call(call)) };
  const retried = withRetry(ready, ports.retry, ports.clock, ports.random);
  const observed = ports.observe === undefined ? retried : withObserver(retried, ports.observe);
  const metered = withSkewMeter(observed, ports.clock);
  return { transport: metered, setShare: limited.setShare, skewMs: metered.skewMs };
}

/** got is loaded, and the CA file read, when the first call is made: an idle tick makes none. */
function lazySender(settings: ClusterSettings, given: Sender | undefined): () => Promise<Sender> {
  let made: Promise<Sender> | undefined = given && Promise.resolve(given);
  return () => {
    made ??= import('./got-sender.ts').then(({ createGotSender }) => createGotSender(settings.tls));
    return made;
  };
}
