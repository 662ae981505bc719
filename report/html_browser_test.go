package report

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

// tab is one tab of a real Chromium, with everything it complained about and
// everything it asked for.
type tab struct {
	ctx context.Context

	mu         sync.Mutex
	complaints []string
	requests   []string
}

// startBrowser is skipped only where there is none.
func startBrowser(t *testing.T) *tab {
	t.Helper()
	path := ""
	for _, name := range []string{"/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
	)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	b := &tab{ctx: ctx}
	if err := chromedp.Listen(ctx, b.event); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	b.size(t, 1280, 900)
	return b
}

func (b *tab) event(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *log.EventEntryAdded: // violations of the policy, too
		b.complaints = append(b.complaints, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	}
}

// seen returns what the tab complained about and asked for since it was last
// called.
func (b *tab) seen() (complaints, requests []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	complaints, requests = b.complaints, b.requests
	b.complaints, b.requests = nil, nil
	return complaints, requests
}

func (b *tab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func (b *tab) size(t *testing.T, width, height int64) {
	t.Helper()
	b.do(t, chromedp.EmulateViewport(width, height))
}

// eval returns the value of an expression in the page.
func eval[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// open shows a page from disk and returns its address.
func (b *tab) open(t *testing.T, page string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	b.seen()
	b.do(t, chromedp.Navigate("file://"+file))
	return "file://" + file
}

// shown lists the names of the artifacts that can be seen, in order.
func (b *tab) shown(t *testing.T) []string {
	t.Helper()
	return eval[[]string](t, b, `[...document.querySelectorAll("#table tbody")].filter(e => e.checkVisibility()).map(e => e.querySelector("th").textContent)`)
}

// set fills in a field of the filter as a person does.
func (b *tab) set(t *testing.T, field, value string) {
	t.Helper()
	eval[bool](t, b, fmt.Sprintf(`(() => {
		const f = document.getElementById("filter-" + %q);
		f.value = %q;
		return f.value === %[2]q && f.dispatchEvent(new Event("input", {bubbles: true}));
	})()`, field, value))
}

func (b *tab) status(t *testing.T) string {
	t.Helper()
	return eval[string](t, b, `document.getElementById("shown").textContent`)
}

func names(list []Artifact, want func(a Artifact) bool) []string {
	var out []string
	for _, a := range list {
		if want(a) {
			out = append(out, a.Name)
		}
	}
	return out
}

// TestBrowser opens the page in a real Chromium: it does what it says, nothing
// leaves it, and the browser has nothing to complain about.
func TestBrowser(t *testing.T) {
	b := startBrowser(t)
	doc := New(sampleRun())
	page := render(t, HTML, doc)
	url := b.open(t, page)

	all := eval[[]string](t, b, `[...document.querySelectorAll("#table tbody th")].map(e => e.textContent)`)
	sorted := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	same := func(t *testing.T, want []string) {
		t.Helper()
		if diff := cmp.Diff(sorted(want), sorted(b.shown(t))); diff != "" {
			t.Error(diff)
		}
		if got, want := b.status(t), fmt.Sprintf("%d of %d artifacts", len(want), len(all)); !strings.HasPrefix(got, want) {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	showAll := func(t *testing.T) {
		t.Helper()
		b.do(t, chromedp.Click(chromedp.CSS(`#filter button`)))
		if got := b.shown(t); len(got) != len(all) {
			t.Fatalf("%d artifacts after Show all, want %d", len(got), len(all))
		}
	}

	t.Run("starts with everything", func(t *testing.T) {
		if diff := cmp.Diff(sorted(names(doc.Artifacts, func(Artifact) bool { return true })), sorted(b.shown(t))); diff != "" {
			t.Error(diff)
		}
		if got := b.status(t); got != fmt.Sprintf("All %d artifacts", len(doc.Artifacts)) {
			t.Errorf("it says %q", got)
		}
	})

	t.Run("filters filter", func(t *testing.T) {
		for _, tt := range []struct {
			field, value string
			want         func(a Artifact) bool
		}{
			{"series", "3.9", func(a Artifact) bool { return a.Series == "3.9" }},
			{"kind", "android", func(a Artifact) bool { return a.Kind == "android" }},
			{"verdict", "conflict", func(a Artifact) bool { return a.Verdict.String() == "conflict" }},
			{"verdict", "equivalent", func(a Artifact) bool { return a.Verdict.String() == "equivalent" }},
			{"level", "warning", func(a Artifact) bool { return hasLevel(a, "warning") }},
			{"level", "none", func(a Artifact) bool { return len(a.Findings) == 0 }},
			{"text", "TAR.xz hugo@", func(a Artifact) bool {
				return strings.Contains(a.Name, "tar.xz") && a.Sigstore.Identity.SAN == "hugo@python.org"
			}},
			{"text", "7ED10B6531D7", func(a Artifact) bool { return strings.HasPrefix(a.PGP.Certificate, "7ED10B6531D7") }}, // in the evidence
			{"text", "no such thing", func(Artifact) bool { return false }},
		} {
			t.Run(tt.field+" "+tt.value, func(t *testing.T) {
				b.set(t, tt.field, tt.value)
				same(t, names(doc.Artifacts, tt.want))
				showAll(t)
			})
		}
		b.set(t, "series", "3.9")
		b.set(t, "verdict", "failed")
		same(t, []string{"python-3.9.9-amd64.exe"})
		showAll(t)
	})

	t.Run("sort sorts", func(t *testing.T) {
		click := func(column int) {
			b.do(t, chromedp.Click(chromedp.CSS(fmt.Sprintf("#table thead th:nth-child(%d) button", column))))
		}
		state := func() []string {
			return eval[[]string](t, b, `[...document.querySelectorAll("#table thead th")].map(e => e.getAttribute("aria-sort") ?? "")`)
		}
		click(2)
		versions := eval[[]string](t, b, `[...document.querySelectorAll("#table tbody tr:first-child td:nth-child(2)")].map(e => e.textContent)`)
		want := []string{"3.9.9", "3.9.9", "3.9.9", "3.11.2", "3.11.2", "3.12.4", "3.12.4", "3.13.5", "3.13.5", "3.14.0", "3.14.0"}
		if diff := cmp.Diff(want, versions); diff != "" {
			t.Errorf("by release: %s", diff)
		}
		if diff := cmp.Diff([]string{"", "ascending", "", "", "", ""}, state()); diff != "" {
			t.Error(diff)
		}
		click(4)
		click(4)
		order := eval[[]string](t, b, `[...document.querySelectorAll("#table tbody")].map(e => e.dataset.verdict)`)
		wantOrder := []string{"failed", "conflict", "unchecked", "unchecked", "unsigned", "pgp-only", "sigstore-only", "sigstore-only", "sigstore-only", "equivalent", "equivalent"}
		if diff := cmp.Diff(wantOrder, order); diff != "" {
			t.Errorf("by verdict, descending: %s", diff)
		}
		if diff := cmp.Diff([]string{"", "", "", "descending", "", ""}, state()); diff != "" {
			t.Error(diff)
		}
		if got := b.status(t); !strings.HasSuffix(got, "sorted by verdict, descending") {
			t.Errorf("it says %q", got)
		}
	})

	t.Run("matrix filters", func(t *testing.T) {
		b.do(t, chromedp.Click(chromedp.CSS(".matrix a.failed")))
		same(t, []string{"python-3.9.9-amd64.exe"})
		showAll(t)
	})

	t.Run("a link reaches an artifact that a filter hides", func(t *testing.T) {
		b.set(t, "series", "3.14")
		b.do(t, chromedp.Click(chromedp.CSS(`.steps a[href^="#a"]`)))
		if open := eval[string](t, b, `document.querySelector("#table details[open]").closest("tbody").querySelector("th").textContent`); open != "Python-3.12.4.tar.xz" {
			t.Errorf("%s is open", open)
		}
		if len(b.shown(t)) != len(all) {
			t.Error("it is hidden still")
		}
	})

	t.Run("keyboard", func(t *testing.T) {
		url := b.open(t, page)
		at := func() string {
			return eval[string](t, b, `(e => e.tagName.toLowerCase() + (e.id ? "#" + e.id : ""))(document.activeElement)`)
		}
		tabTo := func(want string) {
			for range 400 {
				b.do(t, chromedp.KeyEvent("\t"))
				if at() == want {
					return
				}
			}
			t.Fatalf("%s cannot be reached with Tab in %s", want, url)
		}
		tabTo("a") // the first is the way past everything
		b.do(t, chromedp.KeyEvent("\r"))
		tabTo("input#filter-text")
		if outline := eval[string](t, b, `getComputedStyle(document.activeElement).outlineStyle`); outline != "solid" {
			t.Errorf("the focus is not to be seen: %s", outline)
		}
		b.do(t, chromedp.KeyEvent("3.9.9-amd64"))
		if got := b.shown(t); len(got) != 1 {
			t.Fatalf("typing left %q", got)
		}
		tabTo("button")
		tabTo("summary")
		b.do(t, chromedp.KeyEvent("\r"))
		if !eval[bool](t, b, `document.activeElement.parentElement.open && document.activeElement.parentElement.querySelector("dl").checkVisibility()`) {
			t.Error("Enter does not open the fold")
		}
		if unlabelled := eval[int](t, b, `[...document.querySelectorAll("input, select")].filter(e => !e.labels.length).length`); unlabelled != 0 {
			t.Errorf("%d fields have no label", unlabelled)
		}
	})

	t.Run("nothing leaves, nothing is complained about", func(t *testing.T) {
		for _, p := range []string{page, render(t, HTML, hostileDocument(`"><img src=https://example.com/x onerror=alert(1)><script>alert(1)</script>`))} {
			url = b.open(t, p)
			b.set(t, "text", "x")
			complaints, requests := b.seen()
			if len(complaints) > 0 {
				t.Errorf("the browser says %q", complaints)
			}
			for _, r := range requests {
				if r != url && r != "data:," {
					t.Errorf("a request of %s", r)
				}
			}
			if !slices.Contains(requests, url) {
				t.Error("the page itself was not seen to be requested")
			}
		}
	})

	t.Run("the policy holds what gets in", func(t *testing.T) {
		evil := strings.Replace(page, "</main>", `<img src="http://127.0.0.1:9/x.png"><script>document.title = "owned"</script></main>`, 1)
		b.open(t, evil)
		if title := eval[string](t, b, `document.title`); title == "owned" {
			t.Error("a foreign script ran")
		}
		complaints, _ := b.seen()
		if n := len(slices.DeleteFunc(complaints, func(s string) bool { return !strings.Contains(s, "Content Security Policy") })); n < 2 {
			t.Errorf("%d violations, want the image's and the script's", n)
		}
	})
}

func hasLevel(a Artifact, level string) bool {
	return slices.ContainsFunc(a.Findings, func(f Finding) bool { return f.Level.String() == level })
}

// Without JavaScript all content is there, and no control that does nothing.
func TestBrowserWithoutScript(t *testing.T) {
	b := startBrowser(t)
	doc := New(sampleRun())
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	b.open(t, render(t, HTML, doc))
	if n := len(b.shown(t)); n != len(doc.Artifacts) {
		t.Errorf("%d artifacts, want %d", n, len(doc.Artifacts))
	}
	if eval[bool](t, b, `document.querySelector("form").checkVisibility()`) || eval[int](t, b, `document.querySelectorAll("#table button").length`) != 0 {
		t.Error("there are controls")
	}
	// A fold and a link into one work by themselves.
	b.do(t, chromedp.Click(chromedp.CSS("#table summary")))
	if !eval[bool](t, b, `document.querySelector("#a0 dl").checkVisibility()`) {
		t.Error("the fold does not open")
	}
	b.do(t, chromedp.Click(chromedp.CSS(`.steps a[href^="#a"]`)))
	if !eval[bool](t, b, `document.querySelector(location.hash + " dl").checkVisibility()`) {
		t.Error("the link does not open the artifact's fold")
	}
}

// The page fits a phone: what is wide scrolls by itself.
func TestBrowserPhone(t *testing.T) {
	b := startBrowser(t)
	for name, run := range map[string]Run{"sample": sampleRun(), "long names": hostileRun(strings.Repeat("long-name_", 30)), "words": hostileRun(strings.Repeat("W", 400))} {
		for _, width := range []int64{320, 360, 768, 800, 1280} {
			b.size(t, width, 740)
			b.open(t, render(t, HTML, New(run)))
			eval[int](t, b, `document.querySelectorAll("details").forEach(e => e.open = true), 0`)
			if got := eval[int64](t, b, `document.documentElement.scrollWidth`); got > width {
				t.Errorf("%s: %d wide on a screen of %d", name, got, width)
			}
		}
	}
}

// In print the controls are gone and what is folded can be read.
func TestBrowserPrint(t *testing.T) {
	b := startBrowser(t)
	b.open(t, render(t, HTML, New(sampleRun())))
	readable := `document.querySelector("#a0 dl").checkVisibility()`
	if eval[bool](t, b, readable) {
		t.Fatal("the fold is open before anybody opened it")
	}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
	if !eval[bool](t, b, readable) {
		t.Error("a closed fold is not printed")
	}
	if eval[bool](t, b, `document.querySelector("form").checkVisibility()`) {
		t.Error("the filter is printed")
	}
}

// Colours have enough contrast (WCAG 2.2, success criterion 1.4.3) by day and
// by night.
func TestBrowserContrast(t *testing.T) {
	b := startBrowser(t)
	for _, scheme := range []string{"light", "dark"} {
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		if err != nil {
			t.Fatal(err)
		}
		b.open(t, render(t, HTML, New(sampleRun())))
		poor := eval[[]string](t, b, `(() => {
			const numbers = s => s.match(/[\d.]+/g).map(Number);
			const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
				.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
			const back = e => {
				for (; e; e = e.parentElement) {
					const c = numbers(getComputedStyle(e).backgroundColor);
					if (c.length < 4 || c[3] > 0) return c;
				}
			};
			const poor = new Set();
			for (const e of document.querySelectorAll("body *:not(script, svg *, option)")) {
				if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
				const [a, b] = [light(numbers(getComputedStyle(e).color)), light(back(e))].sort((x, y) => y - x);
				const ratio = (a + 0.05) / (b + 0.05);
				if (ratio < 4.5) poor.add(e.tagName + "." + e.className + " " + ratio.toFixed(2));
			}
			return [...poor];
		})()`)
		if len(poor) > 0 {
			t.Errorf("%s: %q", scheme, poor)
		}
	}
}

// As many artifacts as python.org has: the page answers at once.
func TestBrowserResponsive(t *testing.T) {
	b := startBrowser(t)
	const many = 3400
	b.open(t, render(t, HTML, New(bigRun(many))))
	if n := len(b.shown(t)); n != many {
		t.Fatalf("%d artifacts, want %d", n, many)
	}
	// A generous limit: other tests share the machine. Layout is part of it.
	const limit = 500.0
	took := func(action string) float64 {
		return eval[float64](t, b, `(() => { const start = performance.now(); `+action+`; document.body.offsetHeight; return performance.now() - start; })()`)
	}
	for _, step := range []struct {
		name, action string
		want         int
	}{
		{"verdict", `const f = document.getElementById("filter-verdict"); f.value = "failed"; f.dispatchEvent(new Event("input", {bubbles: true}))`, many / 50},
		{"back", `const f = document.getElementById("filter-verdict"); f.value = ""; f.dispatchEvent(new Event("input", {bubbles: true}))`, many},
		{"text", `const f = document.getElementById("filter-text"); f.value = "-1717-"; f.dispatchEvent(new Event("input", {bubbles: true}))`, 1},
		{"text again", `const f = document.getElementById("filter-text"); f.value = "-171"; f.dispatchEvent(new Event("input", {bubbles: true}))`, 11},
	} {
		ms := took(step.action)
		t.Logf("%s: %.0f ms", step.name, ms)
		if ms > limit {
			t.Errorf("%s took %.0f ms, want less than %.0f", step.name, ms, limit)
		}
		if n := len(b.shown(t)); n != step.want {
			t.Errorf("%s: %d artifacts, want %d", step.name, n, step.want)
		}
	}
	t.Logf("sort: %.0f ms", took(`document.querySelector("#table thead button").click()`))
}
