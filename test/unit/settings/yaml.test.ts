// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what these tests are about
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { redact } from '../../../src/base/redact.ts';
import { folderWith, load, problemsIn, problemsOf } from './folder.ts';

describe('the YAML file', () => {
  it('may be missing where nobody named it', () => {
    expect(load(folderWith({})).file).toBeUndefined();
  });

  it('must exist where --config or VMCTL_CONFIG names it', () => {
    const cwd = folderWith({});
    expect(problemsOf(cwd, {}, 'my.yaml')).toEqual(['my.yaml: --config: the file does not exist']);
    expect(problemsOf(cwd, { VMCTL_CONFIG: 'my.yaml' })).toEqual(['my.yaml: VMCTL_CONFIG: the file does not exist']);
  });

  it('is the one that --config names, then the one of VMCTL_CONFIG, also from .env', () => {
    const cwd = folderWith({ 'a.yaml': 'settings: { vmTable: a }', 'b.yaml': '', '.env': 'VMCTL_CONFIG=b.yaml' });
    expect(load(cwd, {}, 'a.yaml')).toMatchObject({ file: join(cwd, 'a.yaml'), vmTable: 'a' });
    expect(load(cwd).file).toBe(join(cwd, 'b.yaml'));
  });

  it('may be empty', () => {
    expect(load(folderWith({ 'config/vmctl.yaml': '# nothing yet\nclusters:\n' })).clusters).toEqual([]);
  });

  it('that is a folder is an error', () => {
    expect(problemsOf(folderWith({ 'config/vmctl.yaml/x': '' }))).toEqual([
      'config/vmctl.yaml: this is a folder, not a file',
    ]);
  });

  it('with wrong syntax is reported with file, line and column', () => {
    expect(problemsIn('clusters:\n  main: [1, 2\ndns: {}\n')).toContainEqual(
      expect.stringMatching(/^config\/vmctl\.yaml:3:1: not valid YAML: /),
    );
    expect(problemsIn('pools: []\npools: []\n')).toEqual(['config/vmctl.yaml:2:1: not valid YAML: duplicate key']);
  });

  it.each([
    'p: *s3cret',
    'p: *s3cret y',
    'p: !s3cret x',
    'p: !!s3cret x',
    'p: !e!s3cret x',
    '%s3cret x\n---\na: b',
    'p: |s3cret\n  x',
    'p: }s3cret',
    'p: ]s3cret',
    'p: "\\us3cret"',
    'p: "x" s3cret',
    'p: @s3cret',
  ])('with wrong syntax shows none of its text, which may be secret: %j', (yaml) => {
    const problems = problemsIn(yaml);
    expect(problems[0]).toMatch(/^config\/vmctl\.yaml:\d+:\d+: not valid YAML: /);
    expect(problems.join('\n')).not.toMatch(/s3c/);
  });

  it('with an alias that has no anchor says that it may want quotes', () => {
    expect(problemsIn('clusters:\n  a:\n    password: *s3cret\n')).toEqual([
      'config/vmctl.yaml:3:15: not valid YAML: an alias (*name) without its anchor; a text that begins with * needs quotes',
    ]);
  });

  it('may use anchors', () => {
    const yaml = 'settings: { vmIdStart: &first 2000, lockWaitMinutes: *first }';
    expect(load(folderWith({ 'config/vmctl.yaml': yaml }))).toMatchObject({ vmIdStart: 2000, lockWaitMinutes: 2000 });
  });

  it('that is no map is an error', () => {
    expect(problemsIn('- a\n')[0]).toBe(
      'config/vmctl.yaml:1: found a list, expected a map with settings, clusters, dns, pools, packages',
    );
  });
});

describe('an unknown key', () => {
  it('is an error with its line and the name that was probably meant', () => {
    expect(problemsIn('cluster: {}\nsettings:\n  lockWaitMinuts: 3\n  ERROR_STATE_TTL_MINUTES: 3\n')).toEqual([
      'config/vmctl.yaml:3: settings.lockWaitMinuts: unknown key, did you mean "lockWaitMinutes"?',
      'config/vmctl.yaml:4: settings.ERROR_STATE_TTL_MINUTES: unknown key, did you mean "errorStateTtlMinutes"?',
      'config/vmctl.yaml:1: cluster: unknown key, did you mean "clusters"?',
    ]);
  });

  it('far from every name is an error with the names that there are', () => {
    expect(problemsIn('dns:\n  colour: 1\n')).toEqual([
      'config/vmctl.yaml:2: dns.colour: unknown key, expected one of mainDomain, zones',
    ]);
  });

  it('does not show its value', () => {
    expect(problemsIn('clusters:\n  a:\n    tokn: root@pam!a=very-secret-1\n').join('\n')).not.toContain(
      'very-secret-1',
    );
  });
});

describe('${NAME} in YAML', () => {
  const zone = (apiKey: string) =>
    `dns:\n  zones:\n    - { zone: a.example, provider: powerdns, url: "http://127.0.0.1", apiKey: ${apiKey}, ttl: \${TTL} }\n`;

  function apiKeyOf(yaml: string, env: Record<string, string>, files: Record<string, string> = {}): string | undefined {
    const settings = load(folderWith({ ...files, 'config/vmctl.yaml': yaml }), { TTL: '60', ...env });
    const [first] = settings.dns.zones;
    return first?.provider === 'powerdns' ? first.apiKey : undefined;
  }

  it.each(['${K}', '"${K}"', "'${K}'"])('is replaced inside { }, written as %s', (written) => {
    expect(apiKeyOf(zone(written), { K: 'a-b:#c' })).toBe('a-b:#c');
  });

  it('is replaced inside a longer text', () => {
    expect(apiKeyOf(zone('x-${K}-${L}'), { K: '1', L: '2' })).toBe('x-1-2');
  });

  it('is one text, whatever stands in it', () => {
    expect(apiKeyOf(zone('${K}'), { K: '},{"a":[&' })).toBe('},{"a":[&');
    expect(apiKeyOf(zone('${K}'), { K: '${OTHER}' })).toBe('${OTHER}');
  });

  it('becomes a number where a number is wanted', () => {
    const cwd = folderWith({ 'config/vmctl.yaml': zone('x') });
    expect(load(cwd, { TTL: '77' }).dns.zones[0]?.ttl).toBe(77);
  });

  it('may come from the file that NAME_FILE names', () => {
    expect(apiKeyOf(zone('${K}'), { K_FILE: 'k' }, { k: 'from-file\n' })).toBe('from-file');
  });

  it('stays as it is after a second $', () => {
    expect(apiKeyOf(zone('$${SAME}'), {})).toBe('${SAME}');
  });

  it('is not looked at in a comment', () => {
    expect(problemsIn('# ${NOBODY}\npools: [] # ${NOBODY}\n')).toEqual([]);
  });

  it('that is missing is an error with file, line, path and its name, and no second error', () => {
    expect(problemsIn(zone('${K}'))).toEqual([
      'config/vmctl.yaml:3: dns.zones[0].apiKey: found ${K}, expected the environment variable K (or K_FILE) to be set',
      'config/vmctl.yaml:3: dns.zones[0].ttl: found ${TTL}, expected the environment variable TTL (or TTL_FILE) to be set',
    ]);
  });

  it('with a name that is none is an error', () => {
    expect(problemsIn('clusters:\n  a:\n    token: ${A-B}\n')[0]).toMatch(
      /^config\/vmctl.yaml:3: clusters.a.token: found "\$\{"/,
    );
  });

  it('registers a secret before anything can show it', () => {
    apiKeyOf(zone('${K}'), { K: 'api-key-4711' });
    expect(redact('X-API-Key: api-key-4711')).toBe('X-API-Key: ***');
  });
});
