const formats = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds since the epoch as `2026-04-18 01:36:08` in the zone `timeZone` (IANA name). */
export function localTime(ms: number, timeZone: string): string {
  let format = formats.get(timeZone);
  if (!format) {
    // Swedish writes dates as ISO 8601 does, with a space between.
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    formats.set(timeZone, format);
  }
  return format.format(ms);
}
