// Package bot answers questions: it is the gateway.Handler of Parley.
//
// Bot.Handle is the pipeline, step by step: is the bot addressed → a command? →
// recent turns → a follow-up rewritten into a question that stands alone → passages
// → is anything relevant there? → prompt → the same answer as before, if one is kept,
// or the model → text with checked citations → remember. Everything it needs from outside it names as small interfaces (turn.go)
// and gets in Config; it reaches no network and no database itself.
//
// Whether an answer is known is decided by code, never by words of the model.
// When the best passage's calibrated relevance is below Config.KnownAt, no model is
// asked and the reader hears plainly that the knowledge base does not say.
// When a model was asked, the answer counts as known if it cites at least one of
// the passages it was given; a receipt with a mode and no citation is one to look at.
//
// The same pipeline, with a draft prompt and nothing stored, is Bot.Try.
package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/parley-im/parley/bot/citation"
	"github.com/parley-im/parley/bot/language"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

var (
	_ gateway.Handler    = (*Bot)(nil)
	_ gateway.Apologizer = (*Bot)(nil)
	_ gateway.Stopper    = (*Bot)(nil)
	_ gateway.Ignorer    = (*Bot)(nil)
)

// Config is what a Bot is made of. Retriever, Prompts, Extractive, Memory, Scope
// and Log are required.
type Config struct {
	Retriever  Retriever
	Prompts    Prompter
	Model      Model // writes the answers and rewrites follow-ups; nil: none is configured
	Extractive Model // answers while Model is nil
	Memory     Memory
	Answers    Answers // nil: every question is answered anew
	ModelID    string  // names Model and how it is set up: an answer of another one is not repeated
	// Scope tells what a channel may draw on. It is asked for each question. Try asks
	// with the channel of its request, which may be "".
	Scope func(ctx context.Context, channel string) (Scope, error)
	// Manners tells to whom it speaks in a channel; nil: as the zero Manners have it.
	Manners func(channel string) Manners
	Log     *slog.Logger

	Name        string            // of the assistant; "Parley"
	KnownAt     float64           // least relevance of the best passage; 0.5
	AskAnyway   bool              // ask the model even below KnownAt
	NextStep    map[string]string // by language, "zh" and "en": what a reader can do when there is no answer
	PublicURL   string            // of this server, for links to passages; "": relative links
	Passages    int               // most passages in a request; 8
	Turns       int               // most turns of history in a request; 12
	History     int               // most tokens of history in a request; 1,500; below 0: none, each question stands alone
	Window      int               // tokens that fit into the model, question and answer together; 16,000
	MaxAnswer   int               // most tokens of an answer; 1,200
	MaxQuestion int               // most characters of a question that are read; 4,000
	Count       Counter           // of tokens; nil: o200k, loaded when an estimate is not enough
}

// Scope is what may be drawn on in one place.
type Scope struct {
	Collections []string // IDs
	Labels      []string // see knowledge.Query
	// PromptPrefix gives the place prompts of its own: "shop" uses "shop.answer-en"
	// where a version of it is active, and "answer-en" else.
	PromptPrefix string
}

// Bot answers messages. It keeps no state of its own; many may be answered at once.
type Bot struct{ Config }

// New returns a Bot. It starts nothing.
func New(c Config) *Bot {
	c.Name = cmp.Or(c.Name, "Parley")
	c.KnownAt = cmp.Or(c.KnownAt, 0.5)
	c.Passages = cmp.Or(c.Passages, 8)
	c.Turns = cmp.Or(c.Turns, 12)
	c.History = cmp.Or(c.History, 1_500)
	c.Window = cmp.Or(c.Window, 16_000)
	c.MaxAnswer = cmp.Or(c.MaxAnswer, 1_200)
	c.MaxQuestion = cmp.Or(c.MaxQuestion, 4_000)
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if c.Count == nil {
		c.Count = lazyTokens()
	}
	return &Bot{c}
}

// Ignores reports whether Handle has nothing to do with m.
func (b *Bot) Ignores(m gateway.Message) bool { return !b.addressed(m) }

// Handle answers m.
func (b *Bot) Handle(ctx context.Context, m gateway.Message, reply io.Writer) error {
	if !b.addressed(m) {
		return nil
	}
	session := sessionOf(m)
	r := newReceipt(m.Conversation.Channel, m.Text)
	r.ReplyKey = m.ReplyKey
	began := time.Now()
	history, err := b.Memory.Recent(ctx, session, b.Turns, m.ReplyKey)
	if err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	r.stage("history", began)

	commands, question := parseCommands(m.Text)
	r.Language = language.Choose(m.Text, m.Locale, lastQuestion(history))
	if len(commands) > 0 {
		if question == "" {
			r.Language = language.OfCommand(m.Text, m.Locale, lastQuestion(history))
		}
		if err := b.obey(ctx, commands, session, question == "", &r, reply); err != nil {
			return err
		}
		history, err = b.Memory.Recent(ctx, session, b.Turns, m.ReplyKey)
		if err != nil {
			return fmt.Errorf("read history: %w", err)
		}
	}
	say := language.PhrasesFor(r.Language)
	switch {
	case len(commands) > 0 && question == "":
		return b.remember(ctx, session, r, nil)
	case question == "" && len(m.Attachments) > 0:
		r.Command = "attachment"
		return b.remember(ctx, session, r, b.hint(reply, &r, say.Files))
	}
	if text := language.SmallTalk(question, say, b.Name); text != "" {
		r.Command = "small talk"
		return b.remember(ctx, session, r, b.hint(reply, &r, text))
	}

	scope, err := b.Scope(ctx, m.Conversation.Channel)
	if err != nil {
		return fmt.Errorf("find what channel %s may draw on: %w", m.Conversation.Channel, err)
	}
	question, cut := cutRunes(question, b.MaxQuestion)
	r.Question = question
	if b.History < 0 {
		history = nil
	}
	err = b.answer(ctx, asked{scope: scope, history: history, keep: len(m.Attachments) == 0}, &r, reply)
	switch {
	case err != nil && stopped(ctx):
		r.Stopped = true
		err = write(reply, closing(r.Answer, say.Stopped))
	case err != nil && ctx.Err() != nil: // the process ends, or another has the conversation now
		return err
	case err == nil && cut:
		err = write(reply, "\n\n"+fmt.Sprintf(say.Cut, b.MaxQuestion))
	}
	if err == nil && len(m.Attachments) > 0 && !r.Stopped {
		err = write(reply, "\n\n"+say.FilesToo)
	}
	if err == nil {
		b.cite(reply, r, say.Sources)
	}
	return b.remember(ctx, session, r, err)
}

// asked is what comes with a question beside its text.
type asked struct {
	scope   Scope
	history []Turn
	draft   draft
	keep    bool // the answer may be kept, and a kept one repeated
}

// answer writes the answer to r.Question and notes in r how it came about.
func (b *Bot) answer(ctx context.Context, q asked, r *Receipt, reply io.Writer) error {
	r.Standalone = b.standalone(ctx, q, r)
	if err := b.retrieve(ctx, q, r); err != nil {
		return err
	}
	relevant := len(r.Passages) > 0 && r.Confidence >= b.KnownAt
	if !relevant && !(b.AskAnyway && b.Model != nil) {
		say := language.PhrasesFor(r.Language)
		r.Answer = say.Unknown + say.Gap + b.nextStep(r.Language)
		return write(reply, r.Answer)
	}
	request, key, err := b.request(ctx, q, r)
	if err != nil {
		return err
	}
	if done, err := b.repeat(ctx, key, r, reply); done {
		return err
	}
	whole, err := b.speak(ctx, request, r, reply)
	if whole {
		b.keep(ctx, key, r)
	}
	return err
}

// speak streams the model's answer to reply, with its citations checked. It is whole
// if the model came to its end by itself.
func (b *Bot) speak(ctx context.Context, request Request, r *Receipt, reply io.Writer) (whole bool, err error) {
	model := b.Model
	if model == nil {
		model = b.Extractive
	}
	began := time.Now()
	filter := citation.New(len(r.Passages))
	var answer strings.Builder
	defer func() { // also of an answer that was stopped
		r.Answer = strings.TrimSpace(answer.String())
		r.Cited = filter.Numbers()
		r.Known = len(r.Cited) > 0
	}()
	show := func(text string) error {
		if answer.Len() == 0 {
			text = strings.TrimLeft(text, " \r\n\t")
		}
		if text == "" {
			return nil
		}
		if answer.Len() == 0 {
			r.stage("first_token", began)
		}
		answer.WriteString(text)
		return write(reply, text)
	}
	truncated := false
	for chunk, err := range model.Stream(ctx, request) {
		if err != nil {
			return false, fmt.Errorf("answer: %w", err)
		}
		r.Model, r.Mode = cmp.Or(chunk.Model, r.Model), cmp.Or(chunk.Mode, r.Mode)
		truncated = truncated || chunk.Truncated
		if chunk.Usage != nil {
			r.Usage = *chunk.Usage
		}
		if err := show(filter.Add(chunk.Text)); err != nil {
			return false, err
		}
	}
	if err := show(filter.Rest()); err != nil {
		return false, err
	}
	if strings.TrimSpace(answer.String()) == "" {
		return false, fmt.Errorf("answer: the model said nothing: %w", fault.Unavailable)
	}
	if truncated {
		if err := show(" …"); err != nil {
			return false, err
		}
	}
	r.stage("answer", began)
	return !truncated, nil
}

// remember stores r, and with it how the message ended: err is returned as it is.
// A failure is stored too, without an answer, so that staff can see it; the next
// attempt replaces it.
func (b *Bot) remember(ctx context.Context, session string, r Receipt, err error) error {
	if err != nil {
		r.Error, _ = fault.Public(err)
		r.Answer, r.Known, r.Cited = "", false, []int{}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if kept := b.Memory.Remember(ctx, session, r); kept != nil {
		return errors.Join(err, fmt.Errorf("remember the answer: %w", kept))
	}
	return err
}

// newReceipt has empty lists and no nil ones: it becomes JSON.
func newReceipt(channel, question string) Receipt {
	return Receipt{Channel: channel, Question: question, At: time.Now().UTC(),
		Passages: []knowledge.Passage{}, Cited: []int{}, Turns: []Turn{}, Stages: []Stage{}}
}

func (r *Receipt) stage(name string, began time.Time) {
	r.Stages = append(r.Stages, Stage{Name: name, Took: time.Since(began)})
}

func stopped(ctx context.Context) bool { return errors.Is(context.Cause(ctx), gateway.ErrStopped) }

// closing is the mark at the end of an answer that the reader stopped.
func closing(answer, mark string) string {
	if answer == "" {
		return mark
	}
	return " " + mark
}

func write(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write reply: %w", err)
	}
	return nil
}

// hint says something that is not an answer to a question.
func (b *Bot) hint(reply io.Writer, r *Receipt, text string) error {
	if n, ok := reply.(gateway.Reply); ok {
		n.Notice()
	}
	r.Answer = text
	return write(reply, text)
}

// cite names the sources that the answer of r cites.
func (b *Bot) cite(reply io.Writer, r Receipt, label string) {
	if c, ok := reply.(gateway.Reply); ok && len(r.Cited) > 0 {
		c.Cite(label, b.Sources(r))
	}
}

func (b *Bot) nextStep(lang string) string {
	if text := b.NextStep[language.Prompt(lang)]; text != "" {
		return text
	}
	return language.PhrasesFor(lang).NextStep
}

// Apology says, in the sender's language, that no answer can be given now.
func (b *Bot) Apology(m gateway.Message, err error) string {
	lang := language.Choose(m.Text, m.Locale, "")
	say := language.PhrasesFor(lang)
	if errors.Is(err, fault.Unavailable) || errors.Is(err, context.DeadlineExceeded) {
		return say.Busy
	}
	return say.Sorry + say.Gap + b.nextStep(lang)
}
