import type { World } from './world.ts';

/** A number in [0, 1), the same sequence for the same seed (mulberry32). */
function random(world: World): number {
  world.random = (world.random + 0x6d2b79f5) | 0;
  let mixed = Math.imul(world.random ^ (world.random >>> 15), 1 | world.random);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

function hexDigits(world: World, count: number): string {
  return Array.from({ length: count }, () => Math.floor(random(world) * 16).toString(16)).join('');
}

export function randomUuid(world: World): string {
  const variant = '89ab'.charAt(Math.floor(random(world) * 4));
  return [8, 4]
    .map((count) => hexDigits(world, count))
    .join('-')
    .concat(`-4${hexDigits(world, 3)}-${variant}${hexDigits(world, 3)}-${hexDigits(world, 12)}`);
}

/** A MAC address with Proxmox's own prefix. */
export function randomMac(world: World): string {
  return `BC:24:11:${[0, 1, 2].map(() => hexDigits(world, 2)).join(':')}`.toUpperCase();
}
