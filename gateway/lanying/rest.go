package lanying

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

const (
	callTimeout = 20 * time.Second
	answerBytes = 16 << 20
)

// envelope is what every answer of the API is in.
type envelope struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
	IDs     []number        `json:"msg_ids"`
}

// number is an ID that comes as a number or as a string.
type number uint64

func (n *number) UnmarshalJSON(data []byte) error {
	text := string(bytes.Trim(data, `"`))
	if text == "" || text == "null" {
		return nil
	}
	x, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no ID", text)
	}
	*n = number(x)
	return nil
}

// call makes one request as the bot. A token of a user that has run out is renewed once.
func (c *Channel) call(ctx context.Context, method, path string, body any) (e envelope, err error) {
	who, err := c.login(ctx)
	if err != nil {
		return e, err
	}
	e, err = c.ask(ctx, method, who.api+path, who, body)
	if errors.Is(err, errToken) && c.set.Token == "" {
		c.forget(who)
		if who, err = c.login(ctx); err != nil {
			return e, err
		}
		e, err = c.ask(ctx, method, who.api+path, who, body)
	}
	return e, err
}

// ask makes one request. who may be without a token.
func (c *Channel) ask(ctx context.Context, method, address string, who account, body any) (e envelope, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var text io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return e, fmt.Errorf("encode: %w", err)
		}
		text = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, text)
	if err != nil {
		return e, fmt.Errorf("ask Lanying: %w", err)
	}
	c.sign(req, who)
	resp, err := c.client.Do(req)
	if err != nil {
		return e, fault.Say(fault.Unavailable, "lanying_unreachable", "The Lanying API at %s cannot be reached.", req.URL.Host).Because(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	if err != nil {
		return e, fmt.Errorf("%s: read the answer: %w: %w", req.URL.Path, fault.Unavailable, err)
	}
	if resp.StatusCode != http.StatusOK {
		return e, status(req.URL.Path, resp)
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fault.Say(fault.Unavailable, "lanying_base", "What url names does not answer as the API of Lanying.").Because(fmt.Errorf("%s: %w", req.URL.Path, err))
	}
	if e.Code != http.StatusOK {
		return e, refusal(e, req.URL.Path)
	}
	return e, nil
}

// sign adds what every request carries.
func (c *Channel) sign(req *http.Request, who account) {
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("app_id", c.set.AppID)
	if who.token == "" {
		return
	}
	req.Header.Set("access-token", who.token)
	if c.set.Token != "" {
		req.Header.Set("user_id", id(who.id)) // an admin acts as the bot
	}
}

func status(path string, resp *http.Response) error {
	err := fmt.Errorf("%s: status %d: %w", path, resp.StatusCode, fault.Unavailable)
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests:
		if n, e := strconv.Atoi(resp.Header.Get("Retry-After")); e == nil && n >= 0 && n < 24*60*60 {
			return &gateway.RetryAfter{After: time.Duration(n) * time.Second, Err: err}
		}
		return err
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return credentials(err)
	case code < 400, code == http.StatusNotFound:
		return fault.Say(fault.Unavailable, "lanying_base", "What url names does not answer as the API of Lanying.").Because(err)
	case code < 500:
		return fmt.Errorf("%s: status %d: %w", path, code, fault.Invalid)
	}
	return err
}

// errToken is within errors that say that the token is not good.
var errToken = errors.New("the token is not accepted")

func credentials(cause error) error {
	return fault.Say(fault.Denied, "lanying_token", "Lanying does not accept the token, or the user name and password: wrong, run out, or of another app.").Because(fmt.Errorf("%w: %w", errToken, cause))
}

// refusal turns a code of the envelope into an error of a kind. The codes are those of
// the vendor's documentation.
func refusal(e envelope, path string) error {
	cause := fmt.Errorf("%s: code %d %q", path, e.Code, e.Message)
	switch c := e.Code; {
	case c == 402, c == 10003, c == 10008:
		return credentials(cause)
	case c == 30021, c == 30022, c == 30023, c == 10007:
		return fault.Say(fault.Denied, "lanying_licence", "The licence of the Lanying server is invalid, has run out or is used up (code %d); its operator has to renew it.", c).Because(cause)
	case c == 40000, c == 40003:
		return fault.Say(fault.Denied, "lanying_app", "Lanying says that the app is unknown, or not in a normal state (code %d); check app_id and the console.", c).Because(cause)
	case c == 10000, c == 20001:
		return fault.Say(fault.NotFound, "lanying_nobody", "That user or group does not exist in Lanying.").Because(cause)
	case c == 20002, c == 20011, c == 20018, c == 10005, c == 10006, c == 10010, c == 10012:
		return fault.Say(fault.Denied, "lanying_denied", "The bot may not write there in Lanying: it is no member of the group, or no contact, or was blocked (code %d).", c).Because(cause)
	case c == 10009, c == 20000, c >= 500 && c < 600:
		return fmt.Errorf("%w: %w", fault.Unavailable, cause)
	}
	return fmt.Errorf("%w: %w", fault.Invalid, cause)
}
