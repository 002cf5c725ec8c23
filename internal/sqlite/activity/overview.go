package activity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-im/parley/internal/activity"
)

// Counted day by day, each from two indexes alone; grouping all of them at once
// would sort 100,000 rows first.
const selectFigures = `SELECT count(*), coalesce(sum(t.state = 'dead'), 0), coalesce(sum(` + answered + `), 0),
	coalesce(sum(` + answered + ` AND coalesce(r.known, 0) = 0), 0), coalesce(sum(r.input_tokens), 0), coalesce(sum(r.output_tokens), 0)
	FROM turns t INDEXED BY turns_figures LEFT JOIN receipts r INDEXED BY receipts_figures ON r.reply_key = t.reply_key
	WHERE t.received_at >= ? AND t.received_at < ? AND ` + question

const answered = `(t.state = 'done' AND t.answered_at IS NOT NULL)`

const selectTook = `SELECT t.done_at - t.received_at
	FROM turns t INDEXED BY turns_figures LEFT JOIN receipts r INDEXED BY receipts_figures ON r.reply_key = t.reply_key
	WHERE t.received_at >= ? AND t.received_at < ? AND ` + answered + ` AND ` + question

const selectThumbs = `SELECT count(*) FILTER (WHERE g.value = 1), count(*) FILTER (WHERE g.value = -1)
	FROM ratings g JOIN turns t ON t.id = g.turn WHERE t.received_at >= ? AND t.received_at < ?`

// Overview returns the figures of the last days, today included, in UTC: their
// sums, and each day, oldest first. A turn counts on the day it was received.
func (r *Reader) Overview(ctx context.Context, days int) (total activity.Figures, out []activity.Day, err error) {
	today := time.Now().UTC().Truncate(24 * time.Hour)
	var all []int64
	for i := range days {
		day := today.AddDate(0, 0, i+1-days)
		f, took, err := r.day(ctx, day, day.AddDate(0, 0, 1))
		if err != nil {
			return total, nil, fmt.Errorf("count %s: %w", day.Format(time.DateOnly), err)
		}
		out = append(out, activity.Day{Day: day.Format(time.DateOnly), Figures: f})
		all = append(all, took...)
		total.Questions += f.Questions
		total.Answered += f.Answered
		total.Unknown += f.Unknown
		total.Up += f.Up
		total.Down += f.Down
		total.Dead += f.Dead
		total.InputTokens += f.InputTokens
		total.OutputTokens += f.OutputTokens
	}
	total.P50MS, total.P95MS = percentiles(all)
	return total, out, nil
}

func (r *Reader) day(ctx context.Context, from, to time.Time) (f activity.Figures, took []int64, err error) {
	a, b := from.UnixMicro(), to.UnixMicro()
	err = r.db.Read.QueryRowContext(ctx, selectFigures, a, b).Scan(&f.Questions, &f.Dead, &f.Answered, &f.Unknown, &f.InputTokens, &f.OutputTokens)
	if err != nil {
		return f, nil, err
	}
	if err := r.db.Read.QueryRowContext(ctx, selectThumbs, a, b).Scan(&f.Up, &f.Down); err != nil {
		return f, nil, err
	}
	rows, err := r.db.Read.QueryContext(ctx, selectTook, a, b)
	if err != nil {
		return f, nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var t int64
		if err := rows.Scan(&t); err != nil {
			return f, nil, err
		}
		took = append(took, t)
	}
	f.P50MS, f.P95MS = percentiles(took)
	return f, took, rows.Err()
}

// percentiles are the smallest times that 50 and 95 percent do not exceed.
func percentiles(took []int64) (p50, p95 float64) {
	if len(took) == 0 {
		return 0, 0
	}
	slices.Sort(took)
	at := func(p int) float64 { return float64(took[(len(took)*p+99)/100-1]) / 1000 }
	return at(50), at(95)
}
