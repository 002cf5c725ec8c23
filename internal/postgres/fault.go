package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parley-im/parley/internal/fault"
)

// Fault gives err its kind: fault.Unavailable for what may work later (the server is
// away or is overloaded, two transactions were in each other's way, a limit of time),
// fault.Conflict and fault.Invalid for what the tables do not allow. An error that
// has a kind already, or none of these reasons, is returned as it is.
func Fault(err error) error {
	if err == nil || fault.Kind(err) != nil || errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if kind := kindOf(err); kind != nil {
		return fmt.Errorf("%w: %w", err, kind)
	}
	return err
}

func kindOf(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return kindOfState(e.Code)
	}
	if errors.Is(err, context.Canceled) {
		return nil // the caller went away; nothing is wrong
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	if connecting || network || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err) {
		return fault.Unavailable
	}
	if strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "closed pool") {
		return fault.Unavailable // pgx has no type for these
	}
	return nil
}

// kindOfState reads a SQLSTATE; see "PostgreSQL Error Codes" in its manual.
func kindOfState(code string) error {
	switch code {
	case "40001", "40P01", // serialization failure, deadlock
		"55P03", "57014", // lock not available, query cancelled (also by a timeout)
		"25006", "25P03": // read-only (a standby after a failover), idle in transaction
		return fault.Unavailable
	case "23505", "23P01", "23503": // unique, exclusion, foreign key
		return fault.Conflict
	}
	if len(code) < 2 {
		return nil
	}
	switch code[:2] {
	case "08", "53", "57", "58": // connection, resources, shutdown, system
		return fault.Unavailable
	case "22", "23", "54": // data, constraint, limit (an entry too long for its index)
		return fault.Invalid
	}
	return nil
}
