import { expect, it } from 'vitest';
import { isSamePlace, type Place } from '../../../src/records/installation.ts';

const single: Place = { host: 'db1', port: 3306, schema_name: 'whmcs', wsrep: null };
const galera: Place = { ...single, wsrep: '6e1b1a2c-0001' };

it.each<[string, Place, Place, boolean]>([
  ['the same server and schema', single, { ...single }, true],
  ['another schema on the same server', single, { ...single, schema_name: 'whmcs_staging' }, false],
  ['another host', single, { ...single, host: 'db2' }, false],
  ['another port', single, { ...single, port: 3307 }, false],
  ['another node of the same Galera cluster', galera, { ...galera, host: 'db2', port: 3307 }, true],
  ['another schema of the same Galera cluster', galera, { ...galera, host: 'db2', schema_name: 'copy' }, false],
  ['another Galera cluster, as a restored backup starts one', galera, { ...galera, wsrep: '6e1b1a2c-0002' }, false],
  ['a server that has since joined a cluster', single, galera, true],
  ['a node that has left the cluster, elsewhere', galera, { ...single, host: 'db2' }, false],
])('%s', (_, stored, found, same) => {
  expect(isSamePlace(stored, found)).toBe(same);
});
