import { dnsLeftovers } from './dns-leftovers.ts';
import type { Duty } from './duty.ts';
import { retention } from './retention.ts';

/** Every duty. A new one is one file and one line here. */
export const duties: readonly Duty[] = [dnsLeftovers, retention];
