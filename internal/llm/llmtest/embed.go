package llmtest

import (
	"hash/fnv"
	"math"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// embed answers a call for embeddings.
func (h *Handler) embed(w http.ResponseWriter, r *http.Request) {
	call, body, s, ok := h.record(w, r)
	if !ok {
		return
	}
	fault := s.fault(call)
	if misbehaves(w, r, fault, s.RetryAfter) {
		return
	}
	var texts []string
	switch input := body["input"].(type) {
	case string:
		texts = []string{input}
	case []any:
		for _, one := range input {
			text, _ := one.(string)
			texts = append(texts, text)
		}
	}
	if fault == TooLarge && len(texts) > 1 {
		refuse(w, http.StatusRequestEntityTooLarge, "Too many texts.")
		return
	}
	dimensions := s.Dimensions
	if n, ok := body["dimensions"].(float64); ok {
		dimensions = int(n)
	}
	if dimensions <= 0 {
		dimensions = 64
	}
	data := []map[string]any{}
	for i, text := range texts {
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": Vector(text, dimensions)})
	}
	switch fault {
	case WrongVectors:
		data = data[1:]
	case ShuffledOrder:
		slices.Reverse(data)
	}
	reply(w, http.StatusOK, map[string]any{"object": "list", "data": data, "model": body["model"],
		"usage": map[string]any{"prompt_tokens": 1, "total_tokens": 1}})
}

// Vector hashes the words of a text, and the characters and pairs of Chinese, into
// a vector of length 1. It knows nothing of meaning.
func Vector(text string, dimensions int) []float32 {
	v := make([]float64, dimensions)
	add := func(term string) {
		h := fnv.New32a()
		_, _ = h.Write([]byte(term))
		v[h.Sum32()%uint32(dimensions)]++
	}
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		runes := []rune(word)
		if !unicode.Is(unicode.Han, runes[0]) {
			add(word)
			continue
		}
		for i := range runes {
			add(string(runes[i : i+1]))
			if i > 0 {
				add(string(runes[i-1 : i+1]))
			}
		}
	}
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	if sum == 0 {
		v[0], sum = 1, 1
	}
	out := make([]float32, dimensions)
	for i, x := range v {
		out[i] = float32(x / math.Sqrt(sum))
	}
	return out
}
