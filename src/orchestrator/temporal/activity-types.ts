import type { AppResult, ReconcileResult, SelfUpdateResult, StatusResult } from '../commands.ts';

/** The activities as the workflows see them. They check the payload, which comes from elsewhere. */
export interface Activities {
  install(payload: unknown): Promise<AppResult>;
  upgrade(payload: unknown): Promise<AppResult>;
  uninstall(payload: unknown): Promise<AppResult>;
  restart(payload: unknown): Promise<AppResult>;
  rollback(payload: unknown): Promise<AppResult>;
  status(payload: unknown): Promise<StatusResult>;
  reconcile(payload: unknown): Promise<ReconcileResult>;
  selfUpdate(payload: unknown): Promise<SelfUpdateResult>;
}
