import type { IConstruct } from 'constructs';
import type { Problem } from '../../problems';
import { CrossAccountRole } from '../cross-account-role';
import { EcsExecutionRole } from '../ecs-execution-role';
import { EcsTaskRole } from '../ecs-task-role';
import { ExistingRole } from '../existing-role';
import { ecsPrincipal, executionRole } from './problems';

/** A role that tasks take on. */
export function checkTaskRole(principal: IConstruct): Problem[] {
  if (principal instanceof EcsTaskRole || principal instanceof ExistingRole) return [];
  return [ecsPrincipal(principal.node.path, principal instanceof CrossAccountRole)];
}

/** A role with which ECS starts tasks. */
export function checkExecutionRole(role: IConstruct | undefined): Problem[] {
  if (role === undefined || role instanceof EcsExecutionRole || role instanceof ExistingRole) return [];
  return [executionRole(role.node.path)];
}
