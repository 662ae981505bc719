package sigstore_test

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/digitorus/timestamp"
	"github.com/google/go-cmp/cmp"

	"migrate/internal/mutationtest"
	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

var mutations = flag.Bool("mutations", false, "try every kind of change at every byte (takes half an hour)")

// tolerated is what may be changed in the text of a bundle without anybody
// noticing. None of it is signed, and nothing is taken from it.
var tolerated = []string{
	"spelling", // another way to write the same values: white space, the alphabets and last bits of base64
	// The library takes an entry's kind from its body.
	".verificationMaterial.tlogEntries[].kindVersion.kind",
	".verificationMaterial.tlogEntries[].kindVersion.version",
	// Where the same path leads to the same root in trees of other sizes. The
	// size that the log has signed stands in the checkpoint.
	".verificationMaterial.tlogEntries[].inclusionProof.treeSize",
	// It finds the signature by the hash of the log's key.
	".verificationMaterial.tlogEntries[].inclusionProof.checkpoint.envelope: signer's name",
	// It looks at what is signed, and at the signature: not at the hints around.
	".verificationMaterial.timestampVerificationData.rfc3161Timestamps[].signedTimestamp: wrapping",
}

// TestMutation changes every byte of the text of bundles of every form that
// CPython's have, and of the digest.
func TestMutation(t *testing.T) {
	for name, g := range map[string]sigstoretest.Signing{
		"v0.1, P-384":      {Version: "0.1", Algorithm: sigstoretest.P384SHA256},
		"v0.2":             {Version: "0.2"},
		"v0.3":             {},
		"v0.3, stamp":      {Timestamp: true},
		"v0.3, no promise": {Timestamp: true, WithoutPromise: true},
		"v0.3, DSSE":       {DSSE: true},
		"Rekor v2":         {Log: sigstoretest.RekorV2, Timestamp: true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, "mutation "+name)
			mutate(t, l.verifier, l.sign(t, g), digest, byAlice, g, 3)
		})
	}
}

// TestCorpusMutation does so with a real bundle of each form.
func TestCorpusMutation(t *testing.T) {
	v := embedded(t)
	files := corpus(t, "tracker")
	for _, version := range []string{"3.11.0", "3.13.5", "3.14.0"} {
		t.Run(version, func(t *testing.T) {
			i := slices.IndexFunc(files, func(p published) bool { return strings.HasSuffix(p.url, "/Python-"+version+".tgz") })
			if i < 0 {
				t.Fatal("not in the corpus")
			}
			mutate(t, v, files[i].bundle, files[i].digest, sigstore.Policy{Identities: []sigstore.Identity{signers[files[i].series]}}, sigstoretest.Signing{}, 8)
		})
	}
}

// toleratedV2 is what may be changed besides in a bundle of Rekor v2: the library
// puts together anew what the log holds, from the signature, and takes the tree
// from the checkpoint.
var toleratedV2 = []string{
	".verificationMaterial.tlogEntries[].canonicalizedBody",
	".verificationMaterial.tlogEntries[].inclusionProof.logIndex",
	".verificationMaterial.tlogEntries[].inclusionProof.rootHash",
}

// unpromised is where an entry stands in the log by its own word: the promise
// says it too, if there is one, and the proof is of the place in its own tree.
const unpromised = ".verificationMaterial.tlogEntries[].logIndex"

// mutate changes every byte that stride hits in the text of a good bundle, each
// to one other value; with -mutations every byte, to one of each kind there is.
// What is accepted is counted by what was changed.
func mutate(t *testing.T, v *sigstore.Verifier, data []byte, digest [32]byte, p sigstore.Policy, g sigstoretest.Signing, stride int) {
	t.Helper()
	tolerated := tolerated
	switch {
	case g.Log == sigstoretest.RekorV2:
		tolerated = slices.Concat(tolerated, toleratedV2)
	case g.WithoutPromise:
		tolerated = slices.Concat(tolerated, []string{unpromised})
	}
	whole := v.Verify(data, digest, p)
	if whole.Status != sigstore.Good {
		t.Fatalf("unchanged: %+v", whole)
	}
	was := values(t, data)
	n := 1
	switch {
	case *mutations:
		n, stride = 756, 1
	case mutationtest.Race() || testing.Short():
		stride = 75
	}
	var mu sync.Mutex
	counts := map[string]int{}
	accepted := map[string]int{}
	total := mutationtest.Try(data, func(at int, b byte) []byte {
		if at%stride != 0 {
			return nil
		}
		return mutationtest.Some(mutationtest.Classes(b), n, at)
	}, func(changed []byte, m mutationtest.Mutation) {
		r := v.Verify(changed, digest, p)
		mu.Lock()
		defer mu.Unlock()
		counts[fmt.Sprintf("%v %s", r.Status, r.Reason)]++
		switch r.Status {
		case sigstore.Good:
			what := difference(was, values(t, changed))
			accepted[what]++
			if !slices.Contains(tolerated, what) {
				t.Errorf("%v: accepted, in %s", m, what)
			}
			if what == unpromised {
				r.LogIndex = whole.LogIndex
			}
			if diff := cmp.Diff(whole, r); diff != "" {
				t.Errorf("%v: says another thing (-unchanged +changed):\n%s", m, diff)
			}
		case sigstore.Missing, sigstore.GoodFromLog, sigstore.Unchecked:
			t.Errorf("%v: %v", m, r.Status)
		default:
			if r.Detail == "" || r.Identity != (sigstore.Identity{}) {
				t.Errorf("%v: %+v", m, r)
			}
		}
	})
	t.Logf("%d changes of %d bytes: %v; accepted: %v", total, len(data), counts, accepted)

	for i := range digest {
		for bit := range 8 {
			other := digest
			other[i] ^= 1 << bit
			if r := v.Verify(data, other, p); r.Status != sigstore.DigestMismatch {
				t.Errorf("byte %d of the digest: %+v", i, r)
			}
		}
	}
}

// values returns the values of a JSON text by their paths, with those that are
// base64 decoded as the library does. A bundle in which one string of base64
// could be another spelled differently has none, since each stands for bytes.
func values(t *testing.T, data []byte) map[string]string {
	t.Helper()
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Errorf("accepted, though it is no JSON: %v", err)
	}
	out := map[string]string{}
	var add func(v any, path string)
	add = func(v any, path string) {
		switch v := v.(type) {
		case map[string]any:
			for key, v := range v {
				add(v, path+"."+key)
			}
		case []any:
			for i, v := range v {
				add(v, fmt.Sprintf("%s[%d]", path, i))
			}
		default:
			out[path] = fmt.Sprint(v)
			alphabet := strings.NewReplacer("-", "+", "_", "/", "=", "")
			if raw, err := base64.RawStdEncoding.DecodeString(alphabet.Replace(fmt.Sprint(v))); err == nil && len(raw) > 16 {
				out[path] = string(raw)
			}
			switch {
			case strings.HasSuffix(path, ".checkpoint.envelope"):
				body, signed, _ := strings.Cut(out[path], "\n\n\u2014")
				words := strings.Fields(signed) // a name and the signature
				out[path], out[path+": signature"] = body, words[len(words)-1]
				out[path+": signer's name"] = strings.TrimSuffix(strings.TrimSpace(signed), words[len(words)-1])
			case strings.HasSuffix(path, ".signedTimestamp"):
				out[path+": wrapping"] = out[path]
				stamp, err := timestamp.ParseResponse([]byte(out[path]))
				if err != nil {
					t.Errorf("accepted, though the timestamp does not parse: %v", err)
					return
				}
				stamp.RawToken, stamp.Certificates = nil, nil
				out[path] = fmt.Sprintf("%+v", *stamp)
			}
		}
	}
	add(tree, "")
	return out
}

var index = regexp.MustCompile(`\[\d+\]`)

// difference tells where two bundles have different values: the paths.
func difference(a, b map[string]string) string {
	var paths []string
	for path, v := range a {
		if w, ok := b[path]; !ok || v != w {
			paths = append(paths, path)
		}
	}
	for path := range b {
		if _, ok := a[path]; !ok {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return "spelling"
	}
	slices.Sort(paths)
	return index.ReplaceAllString(strings.Join(paths, ", "), "[]")
}

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
