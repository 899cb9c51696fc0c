package dev.longitude;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** Chromium, as Debian packages it, without a window. A test that needs it is skipped where it is not installed. */
public final class Browser implements AutoCloseable {
    private static final Pattern REQUESTED =
            Pattern.compile("\"method\":\"Network\\.requestWillBeSent\".*?\"request\":\\{.*?\"url\":\"([^\"]*)\"");

    /** Selenium warns of a browser newer than itself; what these tests use has not changed for long. */
    private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

    static {
        SELENIUM.setLevel(Level.SEVERE);
    }

    private final ChromeDriver driver;
    private final Path profile;

    private Browser(ChromeDriver driver, Path profile) {
        this.driver = driver;
        this.profile = profile;
    }

    /** Starts one; skips the test if there is none. */
    public static Browser start() throws IOException {
        Path chromium = installed("chromium");
        Path chromedriver = installed("chromedriver");
        assumeTrue(
                chromium != null && chromedriver != null,
                "no browser to look at pages with: chromium and chromium-driver are not installed");
        Path profile = Files.createTempDirectory("longitude-browser");
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium.toString());
        options.addArguments(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--user-data-dir=" + profile);
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        // A named driver: nothing is looked for, and nothing downloaded.
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(chromedriver.toFile())
                .usingAnyFreePort()
                .build();
        return new Browser(new ChromeDriver(service, options), profile);
    }

    private static Path installed(String name) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    /** Shows a page from its beginning. */
    public Browser open(Path page) {
        driver.get("about:blank");
        driver.manage().logs().get(LogType.PERFORMANCE);
        driver.get(page.toUri().toString());
        return this;
    }

    /** A window of this size, in pixels. */
    public Browser sized(int width, int height) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
        return this;
    }

    /** Shows pages as on a dark or a light desktop. */
    public Browser dark(boolean dark) {
        return media("", dark);
    }

    /** Shows pages as they are printed. */
    public Browser printed() {
        return media("print", false);
    }

    private Browser media(String type, boolean dark) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of(
                        "media",
                        type,
                        "features",
                        List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
        return this;
    }

    /** Presses a key where the focus is. */
    public void press(Keys key) {
        new Actions(driver).sendKeys(key).perform();
    }

    /** The first element that a selector of CSS finds. */
    public WebElement find(String selector) {
        return driver.findElement(By.cssSelector(selector));
    }

    /** All elements that a selector of CSS finds. */
    public List<WebElement> all(String selector) {
        return driver.findElements(By.cssSelector(selector));
    }

    /** A button by its text. */
    public WebElement button(String text) {
        return driver.findElement(By.xpath("//button[normalize-space()='" + text + "']"));
    }

    /** The text of the page, as it is visible. */
    public String text() {
        return find("body").getText();
    }

    /** The page's title. */
    public String title() {
        return driver.getTitle();
    }

    /** What an expression of JavaScript has as its value. */
    public Object value(String expression) {
        return driver.executeScript("return " + expression);
    }

    /** Keeps a picture of what is visible, for people, beside the other output of the build. */
    public void picture(String name) throws IOException {
        Path folder = Files.createDirectories(Path.of("target", "report-pictures"));
        Files.write(folder.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
    }

    /** Checks that the page had nothing to complain about, fits into the width of the window, and requested nothing. */
    public void assertQuiet() {
        assertThat(driver.manage().logs().get(LogType.BROWSER).getAll())
                .as("the browser's console")
                .isEmpty();
        assertThat(value("document.documentElement.scrollWidth <= window.innerWidth"))
                .as("whether the page fits into the window's width")
                .isEqualTo(true);
        for (LogEntry entry : driver.manage().logs().get(LogType.PERFORMANCE)) {
            Matcher requested = REQUESTED.matcher(entry.getMessage());
            if (requested.find()) {
                assertThat(requested.group(1)).as("a request").isEqualTo(driver.getCurrentUrl());
            }
        }
    }

    @Override
    public void close() throws IOException {
        driver.quit();
        MoreFiles.deleteRecursively(profile, RecursiveDeleteOption.ALLOW_INSECURE);
    }
}
