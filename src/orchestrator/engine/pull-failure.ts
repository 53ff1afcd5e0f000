import { EngineError, RegistryError, type MirrorError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { isDiskFull, nextStep } from './engine-failures.ts';

/** What a registry's refusal looks like after the engine has put it into words. */
const KINDS = [
  {
    // moby distribution/errors.go; "toomanyrequests" is the registry's code, and Docker Hub's text.
    pattern: /toomanyrequests|too many requests|rate limit|\b429\b/i,
    code: 'REGISTRY_RATE_LIMITED',
    step: 'The registry limits how often it is asked: pull with credentials, or try again later.',
  },
  {
    // Docker adds "or may require 'docker login'" to what a registry without that image says.
    pattern:
      /unauthorized|authentication required|no basic auth|denied|forbidden|invalid username\/password|incorrect username or password|\b40[13]\b/i,
    code: 'REGISTRY_UNAUTHORIZED',
    step: 'Check container_registry.username and password, and that they may pull this repository.',
  },
  {
    pattern: /manifest unknown|name unknown|not found|no such image|does not exist|\b404\b/i,
    code: 'REGISTRY_NOT_FOUND',
    step: 'Check the image map: the entry leads to an image that is not there.',
  },
  {
    pattern: /x509|certificate|server gave HTTP response to HTTPS client/i,
    code: 'REGISTRY_UNAVAILABLE',
    step: "The engine does not trust the registry's TLS: install its authority for the engine (Docker: /etc/docker/certs.d/HOST/ca.crt, Podman: /etc/containers/certs.d/HOST/ca.crt).",
  },
  {
    pattern:
      /dial tcp|connection re(?:fused|set)|no such host|i\/o timeout|timed? ?out|deadline exceeded|EOF|TLS handshake|network is unreachable|no route to host|\b50[0-4]\b|pinging container registry/i,
    code: 'REGISTRY_UNAVAILABLE',
    step: "Check that the engine's machine reaches the registry (proxy settings are the engine's own), and try again.",
  },
] as const;

/** What the engine's words about a failed pull mean: the registry's doing, or its own. */
export function pullFailure(reference: string, location: string, message: string): MirrorError {
  const said = `${location} could not pull ${reference}: ${quote(message, 600)}`;
  if (isDiskFull(message)) return new EngineError('ENGINE_REFUSED', `${said}${nextStep(message)}`);
  // A reference may hold a number or a word that means something else.
  const words = message.replaceAll(reference, '').replaceAll(/[0-9a-f]{12,}/g, '');
  const kind = KINDS.find(({ pattern }) => pattern.test(words));
  return kind === undefined
    ? new EngineError('ENGINE_REFUSED', `${said}${nextStep(message)}`)
    : new RegistryError(kind.code, `${said}. ${kind.step}`);
}
