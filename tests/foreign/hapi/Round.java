import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.SearchStyleEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.gclient.IQuery;
import ca.uhn.fhir.rest.gclient.TokenClientParam;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hl7.fhir.instance.model.api.IBaseBundle;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Consent;
import org.hl7.fhir.r4.model.Resource;

/**
 * A round of HAPI FHIR's generic client: search, read, page and file.
 *
 * Arguments: the endpoint, a person's number with its system, what to search (types with commas between), a file with a Consent; the token is in TOKEN.
 * Prints a line for each step: its name, and the ids that it gave.
 */
public class Round {
  static IGenericClient client;
  static String[] person;

  public static void main(String[] arguments) throws Exception {
    FhirContext context = FhirContext.forR4();
    context.getRestfulClientFactory().setSocketTimeout(30_000);
    client = context.newRestfulGenericClient(arguments[0]);
    client.registerInterceptor(new BearerTokenAuthInterceptor(System.getenv("TOKEN")));
    person = arguments[1].split("\\|");
    for (String type : arguments[2].split(",")) {
      List<String> found = ids(type, search(type).returnBundle(Bundle.class).execute());
      tell("search " + type, found);
      IBaseResource read = client.read().resource(type).withId(found.get(0)).execute();
      tell("read " + type, List.of(read.getIdElement().getIdPart()));
    }
    tell("post Goal", ids("Goal", search("Goal").usingStyle(SearchStyleEnum.POST).returnBundle(Bundle.class).execute()));
    tell("page Goal", paged("Goal"));
    Consent consent = context.newJsonParser().parseResource(Consent.class, Files.readString(Path.of(arguments[3])));
    MethodOutcome filed = client.create().resource(consent).execute();
    tell("file Consent", List.of(filed.getId().getIdPart()));
    Consent back = client.read().resource(Consent.class).withId(filed.getId().getIdPart()).execute();
    tell("filed Consent", List.of(back.getIdElement().getIdPart(), back.getMeta().getVersionId()));
  }

  static IQuery<IBaseBundle> search(String type) {
    String name = type.equals("Patient") ? "identifier" : "patient.identifier";
    return client.search().forResource(type).where(new TokenClientParam(name).exactly().systemAndIdentifier(person[0], person[1]));
  }

  static List<String> paged(String type) {
    Bundle page = search(type).count(1).returnBundle(Bundle.class).execute();
    List<String> found = new ArrayList<>(ids(type, page));
    while (page.getLink(Bundle.LINK_NEXT) != null) {
      page = client.loadPage().next(page).execute();
      found.addAll(ids(type, page));
    }
    return found;
  }

  static List<String> ids(String type, Bundle bundle) {
    List<String> found = new ArrayList<>();
    for (Bundle.BundleEntryComponent entry : bundle.getEntry()) {
      Resource resource = entry.getResource();
      if (resource.fhirType().equals(type)) {
        found.add(resource.getIdElement().getIdPart());
      }
    }
    return found;
  }

  static void tell(String step, List<String> ids) {
    System.out.println(step + "\t" + String.join(" ", ids));
  }
}
