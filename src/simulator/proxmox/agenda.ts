/** What is due at a time: the next phase of a task, a guest that powers off, a round of the HA manager. */
export interface Appointment {
  at: number;
  kind: 'task' | 'guest' | 'ha';
  /** UPID or VMID. */
  key: string;
}

/** Appointments in the order of time, those of one kind at one time in the order they were made. Those that no longer hold are skipped by whoever takes them. */
export interface Agenda {
  add(appointment: Appointment): void;
  /** Takes the first one that is due at `now`. */
  take(now: number): Appointment | undefined;
  /** Time of the first one. */
  next(): number | undefined;
}

/** At one time guests go off first, so that whoever waits for one sees it. */
const rank = { guest: 0, ha: 1, task: 2 };

function isBefore(other: Appointment, added: Appointment): boolean {
  return other.at < added.at || (other.at === added.at && rank[other.kind] <= rank[added.kind]);
}

export function createAgenda(): Agenda {
  const list: Appointment[] = [];
  return {
    add(appointment) {
      let low = 0;
      let high = list.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        const other = list[middle];
        if (other !== undefined && isBefore(other, appointment)) low = middle + 1;
        else high = middle;
      }
      list.splice(low, 0, appointment);
    },
    take(now) {
      const first = list[0];
      return first !== undefined && first.at <= now ? list.shift() : undefined;
    },
    next: () => list[0]?.at,
  };
}
