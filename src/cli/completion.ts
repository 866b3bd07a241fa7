import { nearest } from '../base/nearest.js';
import { TextOutput } from '../report/output.js';
import type { Command } from './command.js';
import { finishDestination } from './destination.js';
import { UsageError } from './usage-error.js';

/**
 * Each script passes the words of the command line to wirelint, which prints the completions of the last one. If there are none, the shell
 * offers file names.
 */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# wirelint completion bash > ~/.local/share/bash-completion/completions/wirelint
_wirelint() {
  local IFS=$'\\n' word=\${COMP_WORDS[COMP_CWORD]}
  [ "$word" = '=' ] && word=
  COMPREPLY=($(compgen -W "$(SHELL=bash wirelint --get-yargs-completions "\${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)" -- "$word"))
  case \${COMPREPLY[0]} in *=) compopt -o nospace ;; esac
}
complete -o bashdefault -o default -F _wirelint wirelint
`,
  zsh: `#compdef wirelint
# wirelint completion zsh > a file _wirelint in a folder of $fpath
_wirelint() {
  local -a reply
  reply=("\${(@f)$(SHELL=zsh wirelint --get-yargs-completions "\${(@)words[1,CURRENT]}" 2>/dev/null)}")
  if [[ -n \${reply[1]} ]]; then _describe wirelint reply; else _files; fi
}
if [[ \${zsh_eval_context[-1]} == loadautofunc ]]; then _wirelint "$@"; else compdef _wirelint wirelint; fi
`,
  fish: `# wirelint completion fish > ~/.config/fish/completions/wirelint.fish
complete -c wirelint -a '(SHELL=fish wirelint --get-yargs-completions (commandline -opc) (commandline -ct) 2>/dev/null)'
`,
};

export const completion: Command = {
  options: (yargs) =>
    yargs
      .positional('shell', { type: 'string', describe: 'bash, zsh or fish (default: the one in $SHELL)' })
      .example('source <($0 completion bash)', 'enable completion in this shell'),

  run(raw) {
    const shell = (raw['shell'] as string | undefined) ?? /[^/]*$/.exec(process.env['SHELL'] ?? '')![0];
    const script = SCRIPTS[shell];
    if (script === undefined) {
      const near = nearest(shell, Object.keys(SCRIPTS));
      const hint = near === null ? '' : `did you mean ${near}? `;
      throw new UsageError(`completion ${shell}: ${hint}expected bash, zsh or fish`);
    }
    const output = new TextOutput(1);
    output.add(script);
    finishDestination(output, undefined);
    return Promise.resolve(0);
  },
};
