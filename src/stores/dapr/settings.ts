import { ConfigError } from '../../errors.ts';
import { Secret } from '../../secret.ts';
import type { DaprComponent } from './description.ts';

/** A component's settings, by any of their names; collects what is wrong with them. */
export class ComponentSettings {
  readonly type: string;
  readonly where: string;
  readonly #component: DaprComponent;
  readonly #problems: string[] = [];

  constructor(component: DaprComponent) {
    this.#component = component;
    this.type = component.type;
    this.where = `the component ${JSON.stringify(component.name)} in ${component.file}`;
  }

  text(...names: readonly string[]): string | undefined {
    return names
      .map((name) => this.#component.metadata.get(name.toLowerCase()))
      .find((value) => value !== undefined && value !== '');
  }

  secret(...names: readonly string[]): Secret | undefined {
    const value = this.text(...names);
    return value === undefined ? undefined : new Secret(value);
  }

  flag(name: string): boolean {
    return /^(?:y|yes|true|t|on|1)$/i.test(this.text(name) ?? '');
  }

  required(...names: readonly string[]): string {
    const value = this.text(...names);
    if (value === undefined) this.refuse(`${names[0]} is missing`);
    return value ?? '';
  }

  refuse(problem: string): void {
    this.#problems.push(problem);
  }

  /** @throws ConfigError with all that was refused */
  assertComplete(): void {
    if (this.#problems.length === 0) return;
    const { file, name } = this.#component;
    throw new ConfigError(
      this.#problems.map((message) => ({ file, path: name, message: `component: ${message}` })),
    );
  }
}
