package audit

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migrate/compare"
	"migrate/internal/mutationtest"
	"migrate/internal/release"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/sigstore"
)

var mutations = flag.Bool("mutations", false, "try every kind of change at every byte (takes minutes)")

// TestMutation changes every byte of an artifact and of both its sidecars, and
// takes each through the whole pipeline. The verdict is equivalent only where
// neither verifier saw a difference; what each of them overlooks, their own
// tests of this name tell.
func TestMutation(t *testing.T) {
	const demo = "../../testdata/demo"
	read := func(path ...string) []byte {
		data, err := os.ReadFile(filepath.Join(demo, filepath.Join(path...)))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	roster, err := keyrings.Parse("roster.yaml", read("roster.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := sigstore.ParseTrustRoot("trusted_root.json", read("trusted_root.json"))
	if err != nil {
		t.Fatal(err)
	}
	a := testAuditor(t)
	if a.Sigstore, err = sigstore.NewVerifier(root); err != nil {
		t.Fatal(err)
	}
	files, problems := keyrings.ReadKeyFiles([]string{filepath.Join(demo, "keys")})
	var more []keyrings.Problem
	a.Keyring, more = roster.Keyring(files)
	if problems = append(problems, more...); len(problems) > 0 {
		t.Fatal(problems)
	}
	a.Expect, a.Jobs = roster.Expect, 1
	a.Time = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

	for _, file := range []string{"3.9.14/python-3.9.14-embed-amd64.zip", "3.13.6/Python-3.13.6.tar.xz"} {
		data, asc, bundle := read("mirror", file), read("mirror", file+".asc"), read("mirror", file+".sigstore")
		judge := func(data, asc, bundle []byte) compare.Assessment {
			it := item(t, filepath.Base(file))
			it.Open, it.Size = content(data), int64(len(data))
			it.Sidecars[release.Asc] = source.File{Location: "asc", Open: content(asc)}
			it.Sidecars[release.Sigstore] = source.File{Location: "bundle", Open: content(bundle)}
			all, _ := compare.AssessAll(slices.Collect(a.Run(t.Context(), []source.Item{it})), roster)
			return all[0]
		}
		whole := judge(data, asc, bundle)
		if whole.Verdict != compare.Equivalent {
			t.Fatalf("%s unchanged: %v, %v", file, whole.Verdict, codes(whole))
		}
		// A change to one sidecar leaves the other method good, so there is
		// evidence for the file: it is no failure, and never an equivalent.
		oneLeft := []compare.Verdict{compare.Conflict, compare.Unchecked}
		for _, part := range []struct {
			name   string
			data   []byte
			stride int
			want   []compare.Verdict
			judge  func([]byte) compare.Assessment
		}{
			{"artifact", data, 1, []compare.Verdict{compare.Failed}, func(b []byte) compare.Assessment { return judge(b, asc, bundle) }},
			{"asc", asc, 1, oneLeft, func(b []byte) compare.Assessment { return judge(data, b, bundle) }},
			{"bundle", bundle, 4, oneLeft, func(b []byte) compare.Assessment { return judge(data, asc, b) }},
		} {
			t.Run(file+" "+part.name, func(t *testing.T) {
				n, stride := 2, part.stride
				switch {
				case *mutations:
					n, stride = 255, 1
				case mutationtest.Race() || testing.Short():
					n, stride = 1, 16*part.stride
				}
				var mu sync.Mutex
				verdicts := map[compare.Verdict]int{}
				total := mutationtest.Try(part.data, func(at int, b byte) []byte {
					if at%stride != 0 {
						return nil
					}
					return mutationtest.Some(mutationtest.Classes(b), n, at)
				}, func(changed []byte, m mutationtest.Mutation) {
					got := part.judge(changed)
					mu.Lock()
					defer mu.Unlock()
					verdicts[got.Verdict]++
					if got.Verdict != compare.Equivalent {
						if !slices.Contains(part.want, got.Verdict) {
							t.Errorf("%v: %v (%v, %v)", m, got.Verdict, got.PGP, got.Sigstore)
						}
						return
					}
					if part.name == "artifact" || got.SHA256 != whole.SHA256 || cmp.Diff(whole.PGP, got.PGP)+cmp.Diff(whole.Sigstore, got.Sigstore) != "" {
						t.Errorf("%v: equivalent, and yet another thing: %s", m, fmt.Sprintf("%+v", got.Evidence))
					}
				})
				t.Logf("%d changes of %d bytes: %v", total, len(part.data), verdicts)
			})
		}
	}
}
