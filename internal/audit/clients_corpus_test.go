package audit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migrate/compare"
	"migrate/internal/clients"
)

// TestCorpusClients asserts, for each series, what it takes of every client to
// verify all bundles that python.org links.
func TestCorpusClients(t *testing.T) {
	all, series := assess(t, corpus(t, "tracker"))
	table, err := clients.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range compare.WithClients(series, all, table) {
		var list []string
		for _, c := range s.Clients {
			one := strings.TrimPrefix(c.Client, "sigstore-") + " " + c.Min
			if len(c.Unknown) > 0 {
				one += fmt.Sprintf("+%v", c.Unknown)
			}
			if len(c.Never) > 0 {
				one += fmt.Sprintf(" never %v", c.Never)
			}
			list = append(list, one)
		}
		if len(list) > 0 {
			got[s.Series.String()] = strings.Join(list, ", ")
		}
	}
	const p384 = "+[p384-sha256]"
	const both = "+[p384-sha256 rfc3161-timestamp]"
	// Of 3.10, 3.11 and 3.13 a few bundles have timestamps, and only 3.14 has no
	// bundle with a P-384 key. Of 3.7 there are v0.2 bundles alone.
	timestamps := "cosign 2.4.0, python 3.6.0, go 0.3.0+[rfc3161-timestamp], js 1.2.0" + p384 + ", java 2.0.0" + p384 + ", ruby 0.1.0" + both + ", rs 0.14.0" + both
	want := map[string]string{
		"3.7":  "cosign 2.4.0, python 2.0.0, go 0.1.0, js " + p384 + ", java 0.8.0" + p384 + ", ruby 0.1.0" + p384 + ", rs 0.10.0" + p384,
		"3.8":  "cosign 2.4.0, python 3.0.0, go 0.3.0, js 1.2.0" + p384 + ", java 0.8.0" + p384 + ", ruby 0.1.0" + p384 + ", rs 0.14.0" + p384,
		"3.10": timestamps,
		"3.11": timestamps,
		"3.13": timestamps,
		"3.14": "cosign 2.4.0, python 3.0.0, go 0.3.0, js 1.2.0, java 0.8.0, ruby 0.1.0, rs 0.14.0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clients by series (-want +got):\n%s", diff)
	}
}
