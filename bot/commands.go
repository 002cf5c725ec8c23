package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parley-im/parley/bot/language"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// command returns the command that a line is, by its English name, or "". A single
// word after a slash that is no command is "/?".
func command(line string) string {
	word := strings.ToLower(strings.TrimSpace(line))
	word, slash := strings.CutPrefix(strings.Replace(word, "／", "/", 1), "/")
	if !slash || word == "" || strings.ContainsAny(word, " \t\n/") {
		return ""
	}
	word, _, _ = strings.Cut(word, "@") // "/help@parley", as some platforms write it
	switch word {
	case "help", "start", "帮助", "幫助":
		return "/help"
	case "reset", "new", "clear", "重置", "清空":
		return "/reset"
	case "stop", "停止":
		return "/stop"
	case "sources", "source", "来源", "來源":
		return "/sources"
	}
	for _, r := range word {
		if r < 'a' || r > 'z' {
			return ""
		}
	}
	return "/?"
}

// parseCommands takes the lines that are commands off a text. Quick messages are
// joined by the gateway, so a command may stand before or after a question.
func parseCommands(text string) (commands []string, rest string) {
	text = strings.TrimSpace(text)
	if !strings.ContainsAny(text, "/／") {
		return nil, text
	}
	lines := strings.Split(text, "\n")
	var kept []string
	for _, line := range lines {
		c := command(line)
		if c == "" || c == "/?" && len(lines) > 1 {
			kept = append(kept, line)
			continue
		}
		commands = append(commands, c)
	}
	return commands, strings.TrimSpace(strings.Join(kept, "\n"))
}

// Stops reports whether m asks to end the answer in progress.
func (b *Bot) Stops(m gateway.Message) bool {
	return m.Stop || b.addressed(m) && command(m.Text) == "/stop"
}

// obey runs commands in order. What they say is written only if no question comes with them.
func (b *Bot) obey(ctx context.Context, commands []string, session string, aloud bool, r *Receipt, reply io.Writer) error {
	say := language.PhrasesFor(r.Language)
	for _, c := range commands {
		if c == "/reset" {
			if err := b.Memory.Forget(ctx, session); err != nil {
				return fmt.Errorf("forget: %w", err)
			}
		}
	}
	if !aloud {
		return nil
	}
	r.Command = commands[len(commands)-1]
	switch r.Command {
	case "/help":
		return b.hint(reply, r, say.Help)
	case "/reset":
		return b.hint(reply, r, say.Reset)
	case "/stop":
		return b.hint(reply, r, say.NothingToStop)
	case "/sources":
		return b.listSources(ctx, session, r, reply)
	}
	return b.hint(reply, r, say.UnknownCommand+"\n\n"+say.Help)
}

// listSources shows what the session's last answer cites.
func (b *Bot) listSources(ctx context.Context, session string, r *Receipt, reply io.Writer) error {
	say := language.PhrasesFor(r.Language)
	last, err := b.Memory.Last(ctx, session)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return fmt.Errorf("read the last answer: %w", err)
	}
	if len(last.Cited) == 0 {
		return b.hint(reply, r, say.NoSources)
	}
	if err := b.hint(reply, r, say.LastSources); err != nil {
		return err
	}
	b.cite(reply, last, say.Sources)
	return nil
}
