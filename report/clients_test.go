package report

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migrate/compare"
	"migrate/internal/clients"
)

func TestClientLines(t *testing.T) {
	noPackages := []string{
		"packages that fall short: cosign 2.2.4 of Debian bookworm",
		"packages not known to be enough: cosign 2.2.0 or later of Alpine 3.20 and later",
		"not packaged: sigstore-python in Debian trixie",
	}
	want := []clientLine{
		{[]string{"3.14", "3.13", "3.12", "3.9"}, "cosign >= 2.4.0 (2.4.0 to 2.4.1 with --new-bundle-format), sigstore-python >= 3.0.0, sigstore-rs of any version", noPackages},
		// 3.11 has a bundle with a P-384 key.
		{[]string{"3.11"}, "cosign >= 2.4.0 (2.4.0 to 2.4.1 with --new-bundle-format)", append([]string{
			"not known for P-384 key with SHA-256: sigstore-python >= 3.0.0",
			"no version accepts all (P-384 key with SHA-256): sigstore-rs",
		}, noPackages...)},
	}
	d := New(sampleRun())
	if diff := cmp.Diff(want, d.clientLines(), cmp.AllowUnexported(clientLine{})); diff != "" {
		t.Error(diff)
	}
	for name, f := range map[string]string{"table": "sigstore-rs of any version", "markdown": "not known for P-384 key with SHA-256: sigstore-python", "html": "no version accepts all (P-384 key with SHA-256): sigstore-rs"} {
		r := renderers[name]
		if r == nil {
			r = HTML
		}
		if out := strings.Join(strings.Fields(render(t, r, d)), " "); !strings.Contains(out, f) {
			t.Errorf("%s does not say %q", name, f)
		}
	}

	for _, tt := range []struct {
		clients []Client
		want    clientLine
	}{
		{[]Client{{Client: "a", Never: []clients.Need{clients.RekorV2}}}, clientLine{versions: "no client is known to", notes: []string{"no version accepts all (Rekor v2 entry): a"}}},
		{[]Client{{Client: "a", Unknown: []clients.Need{clients.NoCheckpoint}, MinVersion: "1.1.0", BelowVersion: "3.0.0"}},
			clientLine{versions: "no client is known to", notes: []string{"not known for inclusion proof without checkpoint: a >= 1.1.0 < 3.0.0"}}},
		{[]Client{{Client: "a", Unknown: []clients.Need{clients.Timestamp}}, {Client: "b", Unknown: []clients.Need{clients.Timestamp}}, {Client: "c", BelowVersion: "3.0.0", Flags: []ClientFlag{{"--x", "1.0.0", "1.0.0"}}}},
			clientLine{versions: "c < 3.0.0 (1.0.0 with --x)", notes: []string{"not known for RFC 3161 timestamp: a, b"}}},
	} {
		got := (&Document{Series: []Series{{Series: "3.13", Clients: tt.clients}}}).clientLines()
		tt.want.series = []string{"3.13"}
		if diff := cmp.Diff([]clientLine{tt.want}, got, cmp.AllowUnexported(clientLine{})); diff != "" {
			t.Error(diff)
		}
	}
}

// withoutClients is a report as it was written before there was a table of
// clients.
func withoutClients(t *testing.T, d *Document) string {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(render(t, JSON, d)), &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc["trust"].(map[string]any), "clientTable")
	for _, s := range doc["series"].([]any) {
		delete(s.(map[string]any), "clients")
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadWithoutClients(t *testing.T) {
	w := newWorld(t)
	old, err := Read(strings.NewReader(withoutClients(t, w.report(w.evidence))))
	if err != nil {
		t.Fatal(err)
	}
	all := maps.Clone(renderers)
	all["html"] = HTML
	for name, f := range all {
		out := render(t, f, old)
		for _, w := range []string{"able of clients", "Clients", "clientTable", "new-bundle-format"} {
			if strings.Contains(out, w) {
				t.Errorf("%s says %q of a report without", name, w)
			}
		}
	}
	// Merged by itself it says no more than before; with a newer part, all of it.
	if got := mustMerge(t, w.options(), old); render(t, JSON, got) != render(t, JSON, old) {
		t.Errorf("merged, it differs:\n%s", cmp.Diff(old, got))
	}
	whole := w.report(w.evidence)
	if got := mustMerge(t, w.options(), old, whole); render(t, JSON, got) != render(t, JSON, whole) {
		t.Errorf("merged with a newer one, it differs:\n%s", cmp.Diff(whole, got))
	}
}

func TestReadRefusesClients(t *testing.T) {
	text := render(t, JSON, askingDocument(t, "cosign=2.2.4"))
	for _, tt := range []struct{ name, old, new, want string }{
		{"two numbers", `"minVersion": "2.4.0"`, `"minVersion": "2.4"`, "/minVersion"},
		{"a version that is more", `"minVersion": "2.4.0"`, `"minVersion": "2.4.0 or 1.0.0"`, "/minVersion"},
		{"another need", `"p384-sha256"`, `"p521-sha256"`, "/unknown/0"},
		{"another status", `"status": "refuses"`, `"status": "fine"`, "/status"},
		{"a flag that is none", `"name": "--new-bundle-format"`, `"name": "; rm -rf"`, "/flags/0/name"},
		{"another name", `"client": "cosign",
      "version": "2.2.4"`, `"client": "Cosign",
      "version": "2.2.4"`, "/askedClients/0/client"},
		{"no digest", `"clientTable": {
      "source": "embedded",`, `"clientTable": {`, "source"},
	} {
		edited := strings.Replace(text, tt.old, tt.new, 1)
		if edited == text {
			t.Fatalf("%s: nothing to replace", tt.name)
		}
		if _, err := Read(strings.NewReader(edited)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

// asked returns the versions that somebody asks about.
func asked(t *testing.T, table *clients.Table, list ...string) []clients.Version {
	t.Helper()
	var out []clients.Version
	for _, s := range list {
		v, err := table.ParseVersion(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return clients.SortVersions(out)
}

// askingDocument is the sample with clients that somebody asks about.
func askingDocument(t *testing.T, list ...string) *Document {
	t.Helper()
	r := sampleRun()
	r.Asked = asked(t, r.Clients, list...)
	return New(r)
}

func TestAskedClients(t *testing.T) {
	count := func(d *Document) (tooOld, unknown int) {
		for i := range d.Artifacts {
			for _, f := range d.Artifacts[i].Findings {
				switch f.Code {
				case "compare/client-too-old":
					tooOld++
				case "compare/client-unknown":
					unknown++
				}
			}
		}
		return tooOld, unknown
	}
	plain := New(sampleRun())
	good := 0
	for i := range plain.Artifacts {
		if a := &plain.Artifacts[i]; a.Sigstore.Status.String() == "good" {
			good++
		}
	}
	if a, b := count(plain); a+b > 0 || good == 0 {
		t.Fatalf("nobody asked, and there are %d and %d findings; %d good bundles", a, b, good)
	}
	if a, b := count(askingDocument(t, "cosign=2.2.4")); a != good || b != 0 {
		t.Errorf("cosign 2.2.4: %d and %d findings on %d good bundles", a, b, good)
	}
	if a, b := count(askingDocument(t, "cosign=3.0.0")); a+b > 0 {
		t.Errorf("cosign 3.0.0: %d and %d findings", a, b)
	}
	// One bundle has a P-384 key.
	if a, b := count(askingDocument(t, "sigstore-python=3.0.0")); a != 0 || b != 1 {
		t.Errorf("sigstore-python 3.0.0: %d and %d findings", a, b)
	}
	// They count as any finding does.
	d := askingDocument(t, "cosign=2.2.4")
	if got, want := d.Summary.Findings[compare.Warning], plain.Summary.Findings[compare.Warning]+good; got != want {
		t.Errorf("%d warnings, want %d", got, want)
	}
	back, err := Read(strings.NewReader(render(t, JSON, d)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, back); diff != "" {
		t.Errorf("read again it differs:\n%s", diff)
	}
}

// TestMergeAsked: the parts of a run with --client are the undivided run's.
func TestMergeAsked(t *testing.T) {
	w := newWorld(t)
	w.run.Asked = asked(t, w.run.Clients, "sigstore-python=3.0.0", "cosign=2.2.4")
	want := w.report(w.evidence)
	if !strings.Contains(render(t, JSON, want), "compare/client-too-old") {
		t.Fatal("there is no finding")
	}
	a, b := copyOf(t, w.report(w.evidence[:4])), copyOf(t, w.report(w.evidence[4:]))
	for _, docs := range [][]*Document{{a, b}, {b, a}, {a, b, a}} {
		if diff := cmp.Diff(want, mustMerge(t, w.options(), docs...)); diff != "" {
			t.Errorf("not the undivided report:\n%s", diff)
		}
	}
	// What one part was asked, the whole is.
	w.run.Asked = nil
	unasked := w.report(w.evidence[4:])
	if got := mustMerge(t, w.options(), a, unasked); !slices.Equal(got.AskedClients, want.AskedClients) || render(t, JSON, got) != render(t, JSON, want) {
		t.Errorf("of %v", got.AskedClients)
	}
	// A client that the table does not have cannot be judged again.
	other := copyOf(t, a)
	other.AskedClients[0].Client = "gpgv"
	if _, err := Merge(parts(other), w.options()); err == nil || !strings.Contains(err.Error(), `part-1.json asks about a client: no client is called "gpgv"`) {
		t.Errorf("%v", err)
	}
}

func TestStreamAsked(t *testing.T) {
	r := sampleRun()
	r.Asked = asked(t, r.Clients, "cosign=2.2.4")
	d := New(r)
	var b strings.Builder
	s, err := NewStream(&b, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range r.Assessments {
		if err := s.Artifact(a); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Finish(d); err != nil {
		t.Fatal(err)
	}
	if want := render(t, JSONL, d); b.String() != want || !strings.Contains(want, `"askedClients":[{"client":"cosign","version":"2.2.4"}]`) || !strings.Contains(want, "compare/client-too-old") {
		t.Error(cmp.Diff(want, b.String()))
	}
}
