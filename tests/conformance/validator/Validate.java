import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.MetadataResource;
import org.hl7.fhir.r4.model.Questionnaire;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/**
 * Runs the official HL7 validator (org.hl7.fhir.validation, as HAPI FHIR carries it) over many resources in one JVM, offline.
 *
 * <p>Arguments: folders of definitions (JSON). Standard input: a line for each resource, its file, and after a tab the profiles
 * to hold it against besides those that it claims, with spaces between; after another tab a file to which its XML form is
 * written, which later lines may name. Standard output: a line of JSON for each, {@code {"file", "issues": [{"severity",
 * "code", "location", "message"}]}}, in the same order. Resources are in JSON or XML. Code systems that are not here, such
 * as LOINC and SNOMED CT, give warnings; profiles that are not here are errors.
 */
public final class Validate {

  public static void main(String[] folders) throws IOException {
    FhirContext context = FhirContext.forR4();
    FhirValidator validator = validator(context, folders);
    PrintStream output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] fields = line.split("\t");
      ValidationOptions options = new ValidationOptions();
      if (fields.length > 1 && !fields[1].isEmpty()) {
        Stream.of(fields[1].split(" ")).forEach(options::addProfile);
      }
      if (fields.length > 2) {
        String json = Files.readString(Path.of(fields[0]));
        IBaseResource resource = context.newJsonParser().parseResource(json);
        Files.writeString(Path.of(fields[2]), context.newXmlParser().encodeResourceToString(resource));
      }
      output.println(report(validator, Path.of(fields[0]), options));
    }
  }

  private static FhirValidator validator(FhirContext context, String[] folders) throws IOException {
    UnknownCodeSystemWarningValidationSupport unknownCodes =
        new UnknownCodeSystemWarningValidationSupport(context);
    unknownCodes.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
    ValidationSupportChain support =
        new ValidationSupportChain(
            definitions(context, folders),
            new DefaultProfileValidationSupport(context),
            new SnapshotGeneratingValidationSupport(context),
            new CommonCodeSystemsTerminologyService(context),
            new InMemoryTerminologyServerValidationSupport(context),
            unknownCodes);
    FhirInstanceValidator instances = new FhirInstanceValidator(support);
    instances.setErrorForUnknownProfiles(true);
    instances.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
    return context.newValidator().registerValidatorModule(instances);
  }

  private static IValidationSupport definitions(FhirContext context, String[] folders) throws IOException {
    Definitions definitions = new Definitions(context);
    for (String folder : folders) {
      try (Stream<Path> files = Files.list(Path.of(folder))) {
        for (Path file : files.filter(it -> it.toString().endsWith(".json")).sorted().toList()) {
          definitions.add(context.newJsonParser().parseResource(Files.readString(file)));
        }
      }
    }
    return definitions;
  }

  /** Definitions by canonical URL, forms too: HAPI's own has none of those. */
  private static final class Definitions extends PrePopulatedValidationSupport {

    private final Map<String, Questionnaire> forms = new HashMap<>();

    Definitions(FhirContext context) {
      super(context);
    }

    void add(IBaseResource resource) {
      if (resource instanceof Questionnaire form) {
        forms.put(form.getUrl(), form);
      } else if (resource instanceof MetadataResource) {
        addResource(resource);
      }
    }

    @Override
    public <T extends IBaseResource> T fetchResource(Class<T> type, String url) {
      return type == Questionnaire.class ? type.cast(forms.get(url)) : super.fetchResource(type, url);
    }
  }

  private static JsonObject report(FhirValidator validator, Path file, ValidationOptions options) throws IOException {
    JsonArray issues = new JsonArray();
    for (SingleValidationMessage message : validator.validateWithResult(Files.readString(file), options).getMessages()) {
      JsonObject issue = new JsonObject();
      issue.addProperty("severity", message.getSeverity().getCode());
      issue.addProperty("code", message.getMessageId());
      issue.addProperty("location", message.getLocationString());
      issue.addProperty("message", message.getMessage());
      issues.add(issue);
    }
    JsonObject report = new JsonObject();
    report.addProperty("file", file.toString());
    report.add("issues", issues);
    return report;
  }
}
