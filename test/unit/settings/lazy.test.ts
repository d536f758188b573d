import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { folderWith, load } from './folder.ts';

function loaded(name: string): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes(`/node_modules/${name}/`));
}

it('yaml and zod are loaded only where there is a YAML file', () => {
  load(folderWith({ '.env': 'VM_ID_START=2000' }), { LOCK_WAIT_MINUTES: '3' });
  expect([loaded('yaml'), loaded('zod')]).toEqual([false, false]);
  load(folderWith({ 'config/vmctl.yaml': 'dns: { mainDomain: a.example }' }));
  expect([loaded('yaml'), loaded('zod')]).toEqual([true, true]);
});
