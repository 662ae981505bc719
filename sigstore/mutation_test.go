package sigstore_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

// TestEveryField changes and removes each field of a bundle, one at a time.
// Unnoticed may stay only what is listed, and all of that must.
func TestEveryField(t *testing.T) {
	const (
		entry = ".verificationMaterial.tlogEntries[]"
		proof = entry + ".inclusionProof"
	)
	// The library takes an entry's kind from its body.
	kind := []string{
		entry + ".kindVersion.kind changed", entry + ".kindVersion.kind removed",
		entry + ".kindVersion.version changed", entry + ".kindVersion.version removed",
	}
	tests := []struct {
		name     string
		signing  sigstoretest.Signing
		harmless []string
	}{
		{"v0.1", sigstoretest.Signing{Version: "0.1", Timestamp: true}, slices.Concat(kind, []string{
			// v0.1 asks for a promise only, and the log's time is enough.
			proof + " removed",
			".verificationMaterial.timestampVerificationData removed",
			".verificationMaterial.timestampVerificationData.rfc3161Timestamps removed",
		})},
		{"v0.3", sigstoretest.Signing{}, kind},
		{"v0.3, DSSE", sigstoretest.Signing{DSSE: true}, kind},
		{"v0.3, Rekor v2", sigstoretest.Signing{Log: sigstoretest.RekorV2, Timestamp: true}, slices.Concat(kind, []string{
			// What the log holds is put together anew from the signature, and
			// the tree is taken from the checkpoint.
			entry + ".canonicalizedBody changed",
			proof + ".logIndex changed", proof + ".logIndex removed",
			proof + ".rootHash changed", proof + ".rootHash removed",
			proof + ".treeSize changed", proof + ".treeSize removed",
		})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t, test.name) // of its own, so that the same bits change whatever runs
			data := l.sign(t, test.signing)
			whole := l.verifier.Verify(data, digest, byAlice)
			var tree any
			if err := json.Unmarshal(data, &tree); err != nil {
				t.Fatal(err)
			}
			var unnoticed []string
			walk(tree, "", func(path string) {
				data, err := json.Marshal(tree)
				if err != nil {
					t.Fatal(err)
				}
				r := l.verifier.Verify(data, digest, byAlice)
				switch r.Status {
				case sigstore.Good:
					unnoticed = append(unnoticed, path)
					if r.RekorVersion != whole.RekorVersion || r.LogIndex != whole.LogIndex || r.LogTime != whole.LogTime || r.LogID != whole.LogID {
						t.Errorf("%s: changed what is reported of the log: %+v", path, r)
					}
				case sigstore.Unchecked, sigstore.Missing:
					t.Errorf("%s: %s", path, r.Status)
				default:
					if r.Detail == "" {
						t.Errorf("%s: %s without detail", path, r.Status)
					}
				}
			})
			slices.Sort(unnoticed)
			slices.Sort(test.harmless)
			if diff := cmp.Diff(test.harmless, unnoticed); diff != "" {
				t.Errorf("unnoticed changes (-want +got):\n%s", diff)
			}
		})
	}
}

// walk calls try with each field of a JSON value changed, then removed; the
// path says which.
func walk(v any, path string, try func(path string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			old, at := v[key], path+"."+key
			if s, ok := old.(string); ok {
				v[key] = changed(s)
				try(at + " changed")
			}
			delete(v, key)
			try(at + " removed")
			v[key] = old
			walk(old, at, try)
		}
	case []any:
		for i := range v {
			if s, ok := v[i].(string); ok {
				v[i] = changed(s)
				try(fmt.Sprintf("%s[%d] changed", path, i))
				v[i] = s
			}
			walk(v[i], path+"[]", try)
		}
	}
}

// changed returns another value of the same form.
func changed(s string) string {
	if n, err := strconv.Atoi(s); err == nil {
		return strconv.Itoa(n + 1)
	}
	if raw, err := base64.StdEncoding.DecodeString(s); err == nil && len(raw) > 8 {
		raw[len(raw)/2] ^= 1
		return base64.StdEncoding.EncodeToString(raw)
	}
	if strings.Contains(s, "\n") { // a checkpoint
		return strings.Replace(s, "\n", "0\n", 2)
	}
	return s + "x"
}
