import type { Reply } from './answer.ts';
import type { Auth } from './privileges.ts';
import type { Params, Schema } from './schema.ts';
import type { Sim } from './sim.ts';
import type { Fate } from './world.ts';

/** One call on its way through the checks. */
export interface Call {
  sim: Sim;
  auth: Auth;
  /** The variables of the path, e.g. `node` and `vmid`. */
  path: Record<string, string>;
  params: Params;
  /** The node that the client is connected to. */
  entry: string;
  fate: Fate | null;
}

/** One row of the API. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{variables}`; a last `{volume}` takes the rest of the path. */
  path: string;
  params?: Schema;
  /** Needs no credentials. */
  anonymous?: boolean;
  /** Answered by the entry node though the path names one. */
  local?: boolean;
  /** Throws the 403; sees the parameters unchecked. */
  permission?: (call: Call) => void;
  run: (call: Call) => Reply | Promise<Reply>;
}

export interface Router {
  find(method: string, segments: string[]): { route: Route; path: Record<string, string> } | undefined;
}

export function createRouter(routes: Route[]): Router {
  const compiled = routes.map((route) => ({ route, pattern: route.path.split('/').filter((part) => part !== '') }));
  return {
    find(method, segments) {
      for (const { route, pattern } of compiled) {
        if (route.method !== method) continue;
        const path = matchPath(pattern, segments);
        if (path !== undefined) return { route, path };
      }
      return undefined;
    },
  };
}

function matchPath(pattern: string[], segments: string[]): Record<string, string> | undefined {
  const greedy = pattern.at(-1) === '{volume}';
  if (greedy ? segments.length < pattern.length : segments.length !== pattern.length) return undefined;
  const path: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (!part.startsWith('{')) {
      if (part !== segment) return undefined;
    } else if (part === '{volume}') {
      path.volume = segments.slice(index).join('/');
    } else {
      path[part.slice(1, -1)] = segment;
    }
  }
  return path;
}

/** The variable of the path; every route that asks for one has it. */
export function pathVariable(call: Call, name: string): string {
  const value = call.path[name];
  if (value === undefined) throw new Error(`this route has no {${name}}`);
  return value;
}

/** Node and VMID of a call below `/nodes/{node}/qemu/{vmid}`. */
export function target(call: Call): { node: string; vmid: number } {
  return { node: pathVariable(call, 'node'), vmid: Number(pathVariable(call, 'vmid')) };
}
