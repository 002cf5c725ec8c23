package main

import (
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/postgres/postgrestest"
)

func TestEvalRetrieval(t *testing.T) {
	dir := t.TempDir()
	passages := write(t, dir, "p.jsonl", `{"id":"p1","title":"Delivery","text":"Parcels arrive within two days.","lang":"en","set":"shop"}
{"id":"p2","title":"退貨","text":"七天內可以無理由退貨。","lang":"zh-Hant","set":"shop"}
`)
	questions := write(t, dir, "q.jsonl", `{"id":"1","question":"When do parcels arrive?","passage_id":"p1","lang":"en","set":"en"}
{"id":"2","question":"几天内可以退货？","passage_id":"p2","lang":"zh","set":"zh","answers":["七天"]}
{"id":"3","question":"Parcels?","passage_id":"p1","set":"none","answerable":false}
`)
	status, out, errs := parley(t, "eval", "retrieval", "--passages", passages, "--questions", questions, "--json")
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	want := `{"sets":{"en":{"n":1,"recall@1":100,"recall@5":100,"recall@10":100,"mrr@10":100,"ndcg@10":100},"zh":{"n":1,"recall@1":100,"recall@5":100,"recall@10":100,"mrr@10":100,"ndcg@10":100}}}`
	if got := strings.TrimSpace(out); got != want {
		t.Errorf("prints %s, want %s", got, want)
	}
	if status, out, _ := parley(t, "eval", "retrieval", "--passages", passages, "--questions", questions); status != 0 || !strings.Contains(out, "R@1") || !strings.Contains(out, "100.0") {
		t.Errorf("as a table: status %d, %s", status, out)
	}
	address := postgrestest.URL(t)
	if status, out, errs := parley(t, "eval", "retrieval", "--passages", passages, "--questions", questions, "--json", "--store", "postgres", "--database", address); status != 0 || strings.TrimSpace(out) != want {
		t.Errorf("on Postgres: status %d, prints %s %s, want %s", status, out, errs, want)
	}
	broken := write(t, dir, "broken.jsonl", "{\n")
	for _, args := range [][]string{
		{"--passages", broken, "--questions", questions},
		{"--passages", passages, "--questions", dir + "/none.jsonl"},
		{"--passages", passages, "--questions", questions, "--store", "postgres"},
	} {
		if status, _, errs := parley(t, append([]string{"eval", "retrieval"}, args...)...); status != 1 || errs == "" {
			t.Errorf("%q: status %d, %q", args, status, errs)
		}
	}
}
