import { type ClockSetting, clockSetting } from './clock-setting.ts';
import type { Kind } from './kinds.ts';
import * as kind from './kinds.ts';

/** One option. Environment name, YAML key, validation and the printed reference all derive from its row in `options`. */
export interface Option<T> {
  /** Environment variable. */
  readonly name: string;
  readonly kind: Kind<T>;
  /** As text, read like a given value; absent: no value, or one that `load.ts` works out. */
  readonly default?: string;
  /** What the reference prints where the default is worked out. */
  readonly defaultText?: string;
  /** `whole`: the value is a secret; `password`: the password inside a URL is. May also come as NAME_FILE. */
  readonly secret?: 'whole' | 'password';
  /** Not in YAML, because it is needed before the YAML is read or is no setting for operators. */
  readonly environmentOnly?: true;
  readonly description: string;
}

function option<T>(row: Option<T>): Option<T> {
  return row;
}

const minutes = kind.decimal({ unit: 'minutes' });
const seconds = kind.decimal({ unit: 'seconds' });
const interval = kind.decimal({ unit: 'seconds', min: 1 });
const vmid = kind.whole({ min: 100, max: 999_999_999 });
const filePath = kind.text('a file path');

/** The one table of options: key in YAML's `settings:` and in `Settings`, then everything about it. */
export const options = {
  config: option({
    name: 'VMCTL_CONFIG',
    kind: filePath,
    default: 'config/vmctl.yaml',
    environmentOnly: true,
    description: 'The YAML file; `--config` wins. The default one may be missing, one that is named must exist.',
  }),
  stateDir: option({
    name: 'VMCTL_STATE_DIR',
    kind: kind.text('a folder'),
    defaultText: '`/var/lib/vmctl` for root, else `$XDG_STATE_HOME/vmctl` or `~/.local/state/vmctl`',
    environmentOnly: true,
    description: 'Folder of the embedded database.',
  }),
  clock: option<ClockSetting | undefined>({
    name: 'VMCTL_CLOCK',
    kind: clockSetting,
    environmentOnly: true,
    description: 'Demo and tests only: runs time faster.',
  }),
  databaseUrl: option({
    name: 'VMCTL_DATABASE_URL',
    kind: kind.databaseUrl,
    defaultText: '`sqlite:` and `vmctl.sqlite` in the state folder',
    secret: 'password',
    description: "The database: WHMCS's own (MySQL or MariaDB) or an embedded one.",
  }),
  vmTable: option({
    name: 'VM_TABLE',
    kind: kind.text('letters, digits and underscores, at most 64', /^[A-Za-z0-9_]{1,64}$/),
    default: 'puqProxmoxKVM_vm_info',
    description: 'Name of the VM table.',
  }),
  timeZone: option({
    name: 'TZ',
    kind: kind.timeZone,
    defaultText: "the system's",
    description: "Time zone of WHMCS's columns and of printed times.",
  }),
  vmIdStart: option({
    name: 'VM_ID_START',
    kind: vmid,
    default: '1000',
    description: 'First VMID of the managed range, where a cluster has no `vmids`.',
  }),
  vmIdEnd: option({
    name: 'VM_ID_END',
    kind: vmid,
    default: '9999',
    description: 'End of that range, exclusive.',
  }),
  proxmoxTemplateId: option({
    name: 'PROXMOX_TEMPLATE_ID',
    kind: kind.optional(vmid),
    description: 'Template of packages that name none. Never touched, on any cluster.',
  }),
  vmNameRule: option({
    name: 'VM_NAME_RULE',
    kind: kind.vmNameRule,
    default: '{service_id}-{unixtime}',
    description: 'How a VM is named, once, unless the panel named it.',
  }),
  claimLeaseSeconds: option({
    name: 'CLAIM_LEASE_SECONDS',
    // A call to Proxmox may take 35 s, and nothing is sent there that could outlive the lease.
    kind: kind.decimal({ unit: 'seconds', min: 45 }),
    default: '60',
    description: 'How long a tick that died keeps its rows. A living one renews its lease in time.',
  }),
  proxmoxMaxRetries: option({
    name: 'PROXMOX_MAX_RETRIES',
    kind: kind.whole({ max: 20 }),
    default: '3',
    description: 'How often a Proxmox call is repeated, where repeating is safe.',
  }),
  proxmoxRetryBaseDelay: option({
    name: 'PROXMOX_RETRY_BASE_DELAY',
    kind: seconds,
    default: '2.0',
    description: 'Wait before the first repetition; doubles each time, plus up to a second.',
  }),
  circuitBreakerThreshold: option({
    name: 'CIRCUIT_BREAKER_THRESHOLD',
    kind: kind.whole({ min: 1 }),
    default: '5',
    description: 'Failures in a row that open the circuit of a cluster or node.',
  }),
  circuitBreakerRecoverySeconds: option({
    name: 'CIRCUIT_BREAKER_RECOVERY_SECONDS',
    kind: seconds,
    default: '60',
    description: 'How long a circuit stays open before one probe.',
  }),
  lockWaitMinutes: option({
    name: 'LOCK_WAIT_MINUTES',
    kind: minutes,
    default: '240',
    description: 'How long terminate waits for the lock of a backup, clone, migration or snapshot.',
  }),
  terminateGraceMinutes: option({
    name: 'TERMINATE_GRACE_MINUTES',
    kind: minutes,
    default: '0',
    description: 'Undo window: the VM is stopped at once, and removed only after it.',
  }),
  massTerminateLimit: option({
    name: 'MASS_TERMINATE_LIMIT',
    kind: kind.whole(),
    default: '0',
    description: 'More rows than this in `terminate` at once hold terminate back until a human confirms; 0: no limit.',
  }),
  ipTimeoutSeconds: option({
    name: 'IP_TIMEOUT_SECONDS',
    kind: seconds,
    default: '180',
    description: 'How long a new VM may take to show its address.',
  }),
  ipQuarantineMinutes: option({
    name: 'IP_QUARANTINE_MINUTES',
    kind: minutes,
    default: '60',
    description: 'How long a released address waits before it may be given out again.',
  }),
  vmidQuarantineMinutes: option({
    name: 'VMID_QUARANTINE_MINUTES',
    kind: minutes,
    default: '60',
    description: 'The same for a VMID.',
  }),
  errorStateTtlMinutes: option({
    name: 'ERROR_STATE_TTL_MINUTES',
    kind: minutes,
    default: '30',
    description: 'After this time a deploy that failed, and was never ready, is cleaned up.',
  }),
  staleStartingTtlMinutes: option({
    name: 'STALE_STARTING_TTL_MINUTES',
    kind: minutes,
    default: '20',
    description: 'A deploy without progress for this time becomes `error_deploy`.',
  }),
  reconciliationIntervalSeconds: option({
    name: 'RECONCILIATION_INTERVAL_SECONDS',
    kind: interval,
    default: '900',
    description: 'Time between two comparisons of Proxmox with the database.',
  }),
  reconcileOrphans: option({
    name: 'RECONCILE_ORPHANS',
    kind: kind.choice('sessions', 'all', 'report'),
    default: 'sessions',
    description:
      'Which VMs without a row are terminated: those of sessions and of deploys never ready, all of the range, none.',
  }),
  reconcileMaxDestroy: option({
    name: 'RECONCILE_MAX_DESTROY',
    kind: kind.whole(),
    default: '5',
    description: 'More orphans, or more missing VMs, than this in one pass: nothing is done, only an alert.',
  }),
  healthCheckEnabled: option({
    name: 'HEALTH_CHECK_ENABLED',
    kind: kind.flag,
    default: 'true',
    description: 'Whether VMs that should run are watched.',
  }),
  healthCheckIntervalSeconds: option({
    name: 'HEALTH_CHECK_INTERVAL_SECONDS',
    kind: interval,
    default: '60',
    description: 'Time between two health checks.',
  }),
  healthCheckServices: option({
    name: 'HEALTH_CHECK_SERVICES',
    kind: kind.flag,
    default: 'false',
    description: 'Whether a stopped service counts as unhealthy. Clients may stop their own VMs.',
  }),
  moduleLog: option({
    name: 'MODULE_LOG',
    kind: kind.choice('auto', 'all', 'errors', 'off'),
    default: 'auto',
    description: "What goes to WHMCS's Module Log; `auto`: all while its debug log is on, else errors.",
  }),
  metricsTextfile: option({
    name: 'METRICS_TEXTFILE',
    kind: kind.optional(filePath),
    description: "File for node_exporter's textfile collector.",
  }),
  alertWebhookUrl: option({
    name: 'ALERT_WEBHOOK_URL',
    kind: kind.optional(kind.url({ http: 'anywhere' })),
    secret: 'whole',
    description: 'Alerts are sent here by POST.',
  }),
  alertWebhookSecret: option({
    name: 'ALERT_WEBHOOK_SECRET',
    kind: kind.optional(kind.text('a text')),
    secret: 'whole',
    description: 'Signs the alerts.',
  }),
  pingUrl: option({
    name: 'PING_URL',
    kind: kind.optional(kind.url({ http: 'anywhere' })),
    secret: 'whole',
    description: 'Called after every finished tick (a dead man’s switch).',
  }),
};

export type OptionKey = keyof typeof options;

/** The values of all options, by key. */
export type OptionValues = {
  readonly [K in OptionKey]: (typeof options)[K] extends Option<infer T> ? T : never;
};

export const optionKeys = Object.keys(options).filter((key): key is OptionKey => Object.hasOwn(options, key));

/** What the table says about one option, whatever its type. */
export function rowOf(key: OptionKey): Option<unknown> {
  return options[key];
}

/** Keys of YAML's `settings:`. */
export const settingsKeys = optionKeys.filter((key) => rowOf(key).environmentOnly !== true);
