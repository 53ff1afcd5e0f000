/** A right in one repository. */
export interface Scope {
  readonly repository: string;
  readonly actions: 'pull' | 'pull,push';
}

/** The text token services understand. */
export function formatScope({ repository, actions }: Scope): string {
  return `repository:${repository}:${actions}`;
}

/** All of them, in one order whatever order they were given in. */
export function formatScopes(scopes: readonly Scope[]): readonly string[] {
  return scopes.map(formatScope).sort();
}
