import type { Route } from '../route.ts';
import { accessRoutes } from './access.ts';
import { cloneRoutes } from './clone.ts';
import { clusterRoutes } from './cluster.ts';
import { configRoutes } from './config.ts';
import { destroyRoutes } from './destroy.ts';
import { nodeRoutes } from './nodes.ts';
import { powerRoutes } from './power.ts';
import { storageRoutes } from './storage.ts';
import { taskRoutes } from './tasks.ts';

/** Everything the simulated API answers; what is missing here is a 501. */
export const apiRoutes: Route[] = [
  ...accessRoutes,
  ...clusterRoutes,
  ...nodeRoutes,
  ...powerRoutes,
  ...configRoutes,
  ...cloneRoutes,
  ...destroyRoutes,
  ...taskRoutes,
  ...storageRoutes,
];
