/** How long things take, milliseconds on the simulator's clock. */
export interface Timing {
  /** From the request to the first instruction of its worker. */
  taskStart: number;
  /** How long a clone's target shows nothing but `lock: clone` and a temporary description. */
  cloneConfig: number;
  cloneFull: number;
  cloneLinked: number;
  start: number;
  stop: number;
  /** From the end of the guest to the end of the task that stopped it, which still holds the lock. */
  cleanup: number;
  /** From SIGTERM to the end of a guest that did not shut down in time. */
  kill: number;
  /** Wait for a configured guest agent that does not answer. */
  agentPing: number;
  destroy: number;
  configTask: number;
  resize: number;
  template: number;
  imageRemove: number;
  /** The guests' default time from ACPI power button to off. */
  guestShutdown: number;
  /** Wait for a VM's or a storage's lock file. */
  flockWait: number;
  /** The same for the two locks of a clone. */
  cloneLockWait: number;
  /** Interval of the status broadcasts that feed cluster/resources. */
  resourcesLag: number;
  /** Age at which the last broadcast of a dead node is dropped. */
  resourcesStale: number;
  /** How long the task list goes on showing a finished task as RUNNING. */
  taskListLag: number;
  /** One round of the HA manager. */
  haRound: number;
  /** Before a 401. */
  unauthorizedDelay: number;
  /** Before a 595 for a node that is down. */
  noRoute: number;
  /** Before the 500 for a node name that nobody knows. */
  nameLookup: number;
  /** Before an answer that is lost. */
  lostAnswer: number;
}

/** As seen on a real 9.2, clones and destroys a little faster. */
export const defaultTiming: Timing = {
  taskStart: 50,
  cloneConfig: 100,
  cloneFull: 8_000,
  cloneLinked: 1_000,
  start: 1_000,
  stop: 2_000,
  cleanup: 200,
  kill: 500,
  agentPing: 3_000,
  destroy: 800,
  configTask: 100,
  resize: 500,
  template: 500,
  imageRemove: 300,
  guestShutdown: 5_000,
  flockWait: 10_000,
  cloneLockWait: 1_000,
  resourcesLag: 10_000,
  resourcesStale: 300_000,
  taskListLag: 8_000,
  haRound: 10_000,
  unauthorizedDelay: 3_000,
  noRoute: 3_000,
  nameLookup: 6_000,
  lostAnswer: 30_000,
};
