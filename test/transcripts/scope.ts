const noEndpoint = 'the simulator does not have this endpoint, and the product does not use it';
const host = 'what this text says comes from the programs and the hardware of the recorded machine';
const cleanup = 'the clean-up that may hold a lock for 30 s after a stop is chance, and not simulated';
const bridges = 'the simulator does not know which bridges a node has';

/** Rows that are not compared, by the beginning of their names, and why. Whatever is not listed here must agree. */
export const outOfScope: Readonly<Record<string, string>> = {
  'fw.': noEndpoint,
  'delete.after_fw': noEndpoint,
  'pool.': noEndpoint,
  'user.': noEndpoint,
  'token.': noEndpoint,
  'acl.': noEndpoint,
  'perm.403_create_user': noEndpoint,
  'snapshot.': noEndpoint,
  'template.with_snapshot': noEndpoint,
  'agent.': noEndpoint,
  'vncproxy.': noEndpoint,
  rrddata: noEndpoint,
  'suspend.': noEndpoint,
  'resume.': noEndpoint,
  'reset.': noEndpoint,
  'cloudinit.pending': noEndpoint,
  'cloudinit.regenerate': noEndpoint,
  'config.cloudinit_dump': noEndpoint,
  'cluster.tasks': noEndpoint,
  'cluster.options': noEndpoint,
  'tasks.cluster': noEndpoint,
  'storage.status': noEndpoint,
  'storage.unknown_status_root': noEndpoint,
  'storage.offline_status': noEndpoint,
  'storage.alloc': noEndpoint,
  'backup.info': noEndpoint,
  'backup.unprotect': noEndpoint,
  'extjs.': 'another format of the same API, which the product does not speak',
  'http.keepalive_raw': 'three requests on one raw connection: the server in front does that, not the simulator',
  'daemon_down.protected_get': 'pvedaemon alone cannot be stopped in the simulator',
  'daemon_down.clone': 'pvedaemon alone cannot be stopped in the simulator',
  'nodes.status': 'figures of a node that the product does not read',
  'param.json_body_bad': "the words of Perl's parser",
  'clone.inprogress.target_status': 'at which moment a clone gets its second configuration is chance',
  'node.invalid_name': 'a name that no node can have: the product takes names from Proxmox',
  'config.put_bad_ipconfig': 'the simulator takes every ipconfig',
  'config.put_gw_without_ip': 'the simulator takes every ipconfig',
  'config.running_bad_bridge': bridges,
  'start.bad_bridge': bridges,
  'start.kvm_unavailable': host,
  'start.out_of_memory': host,
  'resize.too_large': host,
  'resize.template': host,
  'clone.storage_full': host,
  'config.readd_cloudinit_same_slot': host,
  'stop.ok_running': cleanup,
  'start.overrule': cleanup,
  'quick.config_put': cleanup,
  'quick.stop2': cleanup,
};

/** Parts of bodies that the real one has and the simulator leaves out, because the product reads none of them. */
export const notSimulated =
  /^\.data(\[\])?\.(memhost|serial|pressure\w+|nics|cgroup-mode|ssl_fingerprint|used_fraction|network|network-type)(\.|$)/;
