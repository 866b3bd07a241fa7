import { execFileSync } from 'node:child_process';

/** Tests run the CLI as a user does, from dist/: build it first, so that it is never an old one. */
export default function build(): void {
  if (process.env['WIRELINT_NO_BUILD']) return;
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
