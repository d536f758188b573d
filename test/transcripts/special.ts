import { makeCsrfToken, makeTicket } from '../../src/simulator/proxmox/tickets.ts';
import type { SimRequest } from '../../src/simulator/wire.ts';

/** A request with what the recording does not hold of it. `now`: the time of the replay. */
type Completion = (request: SimRequest, now: number) => SimRequest;

function withHeaders(headers: (now: number) => Record<string, string>): Completion {
  return (request, now) => ({ ...request, headers: { ...request.headers, ...headers(now) } });
}

function withBody(type: string, body: string): Completion {
  return (request) => ({ ...request, headers: { ...request.headers, 'content-type': type }, body });
}

function cookie(userid: string, now: number): { cookie: string } {
  return { cookie: `PVEAuthCookie=${encodeURIComponent(makeTicket(userid, now))}` };
}

const form = 'application/x-www-form-urlencoded';

/** Cookies, and bodies that are no plain form, by the name of their row. */
export const completions: Readonly<Record<string, Completion>> = {
  'auth.bad_ticket': withHeaders(() => ({ cookie: 'PVEAuthCookie=PVE:panel@pve:00000000::AAAA' })),
  'auth.ticket.get_ok': withHeaders((now) => cookie('panel@pve', now)),
  'auth.ticket.post_without_csrf': withHeaders((now) => cookie('panel@pve', now)),
  'auth.ticket.post_bad_csrf': withHeaders((now) => ({ ...cookie('panel@pve', now), csrfpreventiontoken: '0:AAAA' })),
  'param.json_body_bad': withBody('application/json', '{bad'),
  'param.wrong_content_type': withBody('text/plain', 'x'),
  'param.duplicate_param': withBody(form, 'username=a&username=b&password=c'),
  'param.body_too_large': withBody(form, `description=${'x'.repeat(600 * 1024)}`),
  'delete.params_in_body': withBody(form, 'purge=1'),
  'killed_clone.delete_skiplock_root_ticket': withHeaders((now) => ({
    ...cookie('root@pam', now),
    csrfpreventiontoken: makeCsrfToken('root@pam', now),
  })),
};
