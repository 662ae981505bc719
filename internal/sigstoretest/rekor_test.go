package sigstoretest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestRekor asks as the real one is asked, over HTTP; package sigstore tests
// that what it says can be verified.
func TestRekor(t *testing.T) {
	r := found(t, "rekor").Rekor()
	sig, crt, err := r.Pair(plain)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Again(sig, crt, plain); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	defer server.Close()
	ask := func(path, question string) (int, []byte) {
		t.Helper()
		resp, err := http.Post(server.URL+path, "application/json", strings.NewReader(question))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if kind := resp.Header.Get("Content-Type"); kind != "application/json" {
			t.Errorf("%s: %s", path, kind)
		}
		return resp.StatusCode, data
	}
	const index, entries = "/api/v1/index/retrieve", "/api/v1/log/entries/retrieve"

	hash := fmt.Sprintf("sha256:%x", plain.Digest)
	var uuids []string
	if status, data := ask(index, `{"hash":"`+hash+`"}`); status != http.StatusOK || json.Unmarshal(data, &uuids) != nil || len(uuids) != 2 || len(uuids[0]) != 80 {
		t.Fatalf("%d: %s", status, data)
	}
	if raw, err := hex.DecodeString(uuids[1]); err != nil || len(raw) != 40 || uuids[0] == uuids[1] || uuids[0][16:] != uuids[1][16:] {
		t.Errorf("%q", uuids)
	}
	if status, data := ask(index, `{"hash":"`+hash+`","operator":"and","publicKey":{"format":"x509","content":"`+base64.StdEncoding.EncodeToString(crt)+`"}}`); status != http.StatusOK || !bytes.Contains(data, []byte(uuids[0])) {
		t.Errorf("by certificate: %d: %s", status, data)
	}
	if status, data := ask(index, `{"hash":"sha256:`+strings.Repeat("0", 64)+`"}`); status != http.StatusOK || string(bytes.TrimSpace(data)) != "[]" {
		t.Errorf("nothing: %d: %q", status, data)
	}

	var answer []map[string]struct {
		Body           []byte
		IntegratedTime int64
		LogID          string
		LogIndex       int64
		Verification   struct {
			InclusionProof struct {
				Checkpoint, RootHash string
				Hashes               []string
				LogIndex, TreeSize   int64
			}
			SignedEntryTimestamp []byte
		}
	}
	status, data := ask(entries, `{"entryUUIDs":["`+uuids[0]+`"]}`)
	if status != http.StatusOK || json.Unmarshal(data, &answer) != nil || len(answer) != 1 {
		t.Fatalf("%d: %s", status, data)
	}
	e, ok := answer[0][uuids[0]]
	if p := e.Verification.InclusionProof; !ok || !bytes.Contains(e.Body, []byte(`"kind":"hashedrekord"`)) || len(e.LogID) != 64 ||
		e.IntegratedTime != plain.Time.Add(2e9).Unix() || e.LogIndex-p.LogIndex != 1_000_000 || p.TreeSize != p.LogIndex+1 ||
		len(p.Hashes) == 0 || len(p.RootHash) != 64 || !strings.HasPrefix(p.Checkpoint, "rekor.sigstore.test - ") || len(e.Verification.SignedEntryTimestamp) == 0 {
		t.Errorf("%s", data)
	}

	for _, tt := range []struct {
		path, question string
		status         int
		says           string
	}{
		{entries, `{"entryUUIDs":[]}`, http.StatusUnprocessableEntity, "at least 1"},
		{entries, `{"entryUUIDs":["` + strings.Repeat(uuids[0]+`","`, 10) + `"]}`, http.StatusUnprocessableEntity, "more than max allowed 10"},
		{index, `{}`, http.StatusUnprocessableEntity, "hash"},
		{index, `?`, http.StatusUnprocessableEntity, "hash"},
		{"/api/v2/anything", `{}`, http.StatusNotFound, "not found"},
	} {
		status, data := ask(tt.path, tt.question)
		var e struct {
			Code    int
			Message string
		}
		if json.Unmarshal(data, &e) != nil || status != tt.status || e.Code != status || !strings.Contains(e.Message, tt.says) {
			t.Errorf("%s %s: %d: %s", tt.path, tt.question, status, data)
		}
	}

	if _, err := r.Post(t.Context(), r.URL()+index, "application/json", []byte(`{"hash":"`+hash+`"}`), 10); err == nil || !strings.Contains(err.Error(), "more than 10 bytes") {
		t.Errorf("over the limit: %v", err)
	}
	if _, err := r.Post(t.Context(), r.URL()+"/elsewhere", "application/json", nil, 10); err == nil || !strings.Contains(err.Error(), "404 Not Found") {
		t.Errorf("elsewhere: %v", err)
	}
	if _, err := r.Post(t.Context(), "https://rekor.sigstore.dev"+index, "application/json", nil, 10); err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("another host: %v", err)
	}
}
