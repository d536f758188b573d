import { createHmac } from 'node:crypto';

const LIFETIME_S = 2 * 3600;
const SKEW_S = 300;

function sign(text: string): string {
  return createHmac('sha256', 'proxmox-simulator').update(text).digest('base64');
}

function stamp(now: number): string {
  return Math.floor(now / 1000)
    .toString(16)
    .toUpperCase();
}

function isFresh(hexTime: string, now: number): boolean {
  const age = now / 1000 - Number.parseInt(hexTime, 16);
  return age > -SKEW_S && age < LIFETIME_S;
}

/** `PVE:user@realm:HEXTIME::signature`, good for two hours. */
export function makeTicket(userid: string, now: number): string {
  const plain = `PVE:${userid}:${stamp(now)}`;
  return `${plain}::${sign(plain)}`;
}

/** The user of a valid ticket. */
export function readTicket(ticket: string, now: number): string | undefined {
  const [, plain, userid, time, signature] = /^(PVE:([^:]+):([0-9A-F]+))::(.+)$/.exec(ticket) ?? [];
  if (plain === undefined || time === undefined || signature !== sign(plain)) return undefined;
  return isFresh(time, now) ? userid : undefined;
}

/** `HEXTIME:signature`: goes with the ticket of every call that changes something. */
export function makeCsrfToken(userid: string, now: number): string {
  return `${stamp(now)}:${sign(`${stamp(now)}:${userid}`)}`;
}

export function isCsrfToken(token: string, userid: string, now: number): boolean {
  const [time = '', signature] = token.split(':');
  return signature === sign(`${time}:${userid}`) && isFresh(time, now);
}
