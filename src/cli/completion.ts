// Shell completion, written from the commands themselves, so that it knows no option that does not exist.
import type { Command } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

interface Word {
  name: string;
  about: string;
  /** What follows it. */
  value?: Value | undefined;
}

type Value = "file" | "text";

function valueAfter(flags: string): Value | undefined {
  if (/<(file|path)>/.test(flags)) return "file";
  return flags.includes("<") ? "text" : undefined;
}

function words(program: Command): { commands: Word[]; options: Map<string, Word[]> } {
  const commands = program.commands.map((command) => ({
    name: command.name(),
    about: command.summary(),
  }));
  const options = new Map(
    program.commands.map((command) => [
      command.name(),
      command.options.map(({ long, description, flags }) => ({
        name: long ?? "",
        about: description,
        value: valueAfter(flags),
      })),
    ]),
  );
  return { commands, options };
}

/** How a shell is told of what follows an option. */
const VALUE = {
  zsh: { file: ":file:_files", text: ":value:", none: "" },
  fish: { file: " -r -F", text: " -x", none: "" },
};

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(name: string, { commands, options }: ReturnType<typeof words>): string {
  const files = [...options.values()]
    .flat()
    .filter(({ value }) => value === "file")
    .map((word) => word.name);
  const cases = [...options].map(
    ([command, list]) => `    ${command}) words="${list.map((word) => word.name).join(" ")}" ;;`,
  );
  return `_${name.replaceAll("-", "_")}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  case "$previous" in
    ${files.join("|")}) local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current")); return ;;
    completion) COMPREPLY=($(compgen -W "${SHELLS.join(" ")}" -- "$current")); return ;;
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map((word) => word.name).join(" ")} --help --version"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -F _${name.replaceAll("-", "_")} ${name}
`;
}

function zsh(name: string, { commands, options }: ReturnType<typeof words>): string {
  const about = (word: Word) => quote(`${word.name}:${word.about.replaceAll(":", "\\:")}`);
  const cases = [...options].map(([command, list]) => {
    const specs = list.map((word) =>
      quote(`${word.name}[${word.about.replace(/[[\]:]/g, "\\$&")}]${VALUE.zsh[word.value ?? "none"]}`),
    );
    return `    ${command}) _arguments ${[...specs, command === "completion" ? quote(`:shell:(${SHELLS.join(" ")})`) : ""].join(" ")} ;;`;
  });
  return `#compdef ${name}
_${name.replaceAll("-", "_")}() {
  local -a commands=(${commands.map(about).join(" ")})
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join("\n")}
  esac
}
compdef _${name.replaceAll("-", "_")} ${name}
`;
}

function fish(name: string, { commands, options }: ReturnType<typeof words>): string {
  const top = commands.map(
    (word) => `complete -c ${name} -n __fish_use_subcommand -a ${word.name} -d ${quote(word.about)}`,
  );
  const rest = [...options].flatMap(([command, list]) =>
    list.map(
      (word) =>
        `complete -c ${name} -n '__fish_seen_subcommand_from ${command}' -l ${word.name.replace(/^--/, "")}${VALUE.fish[word.value ?? "none"]} -d ${quote(word.about)}`,
    ),
  );
  const shells = `complete -c ${name} -n '__fish_seen_subcommand_from completion' -a ${quote(SHELLS.join(" "))}`;
  return `${[`complete -c ${name} -f`, ...top, ...rest, shells].join("\n")}\n`;
}

export function completion(program: Command, shell: Shell): string {
  return { bash, zsh, fish }[shell](program.name(), words(program));
}
